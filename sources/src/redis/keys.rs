//! The names of everything in Redis. Between `{` and `}` stands what decides the slot of a cluster: leases are in one slot,
//! because one script takes many at once; entries and tags are spread.

use schema::SourceKind;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

/// Raised whenever the form of stored entries changes: replicas of two releases then share nothing instead of misreading.
const FORMAT: u32 = 1;

/// Whose entries are kept together: those of one call to one upstream with one credential, in one form.
#[derive(Debug, Clone)]
pub struct Namespace(String);

impl Namespace {
    /// The entries of `call`, read from `base_url` with `token`. `record_version` is raised whenever the record changes.
    pub fn new(source: SourceKind, call: &str, record_version: u32, base_url: &Url, token: &SecretString) -> Self {
        let digest = Sha256::new()
            .chain_update(base_url.as_str())
            .chain_update([0])
            .chain_update(token.expose_secret())
            .finalize();
        let fingerprint: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{FORMAT}.{record_version}:{source}:{call}:{fingerprint}"))
    }
}

/// The names below one prefix.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// An entry.
    pub(super) fn entry(&self, namespace: &Namespace, key: &str) -> String {
        format!("{}:entry:{}:{key}", self.prefix, namespace.0)
    }

    /// The right to fetch an entry.
    pub(super) fn lease(&self, namespace: &Namespace, key: &str) -> String {
        format!("{}:{{lease}}:{}:{key}", self.prefix, namespace.0)
    }

    /// The version of a tag.
    pub(super) fn tag(&self, tag: &str) -> String {
        format!("{}:tag:{tag}", self.prefix)
    }

    /// The calls that an upstream still allows.
    pub(super) fn quota(&self, name: &str) -> String {
        format!("{}:quota:{name}", self.prefix)
    }

    /// An account of points. All accounts of a group are in one slot, because one script takes from several.
    pub(super) fn points(&self, group: &str, name: &str) -> String {
        format!("{}:points:{{{group}}}:{name}", self.prefix)
    }

    /// The text of a document, for one version of the schema.
    pub(super) fn document(&self, schema: &str, hash: &str) -> String {
        format!("{}:document:{schema}:{hash}", self.prefix)
    }

    /// The processes that serve, each with the moment at which it was last seen.
    pub(super) fn replicas(&self) -> String {
        format!("{}:replicas", self.prefix)
    }

    /// The channel on which evictions are told.
    pub(super) fn channel(&self) -> String {
        format!("{}:evict", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_token_address_or_version_is_another_namespace_and_no_secret_is_in_it() {
        let of = |version, url: &str, token: &str| {
            Namespace::new(SourceKind::Gitlab, "repository", version, &url.parse().unwrap(), &token.into()).0
        };
        let one = of(1, "https://gitlab.example.com", "hunter2hunter2");
        assert_eq!(one, of(1, "https://gitlab.example.com", "hunter2hunter2"));
        assert_ne!(one, of(2, "https://gitlab.example.com", "hunter2hunter2"));
        assert_ne!(one, of(1, "https://gitlab.example.org", "hunter2hunter2"));
        assert_ne!(one, of(1, "https://gitlab.example.com", "hunter3hunter3"));
        assert!(!one.contains("hunter2"), "{one}");
    }
}
