//! `Alias`: the very bytes of a request, under which an answer is found before they are read. Clients send the same bytes again and again;
//! reading and looking up what they mean takes longer than giving the answer.

use sha2::{Digest, Sha256};

use super::{Eyes, Key};

/// Two requests with the same alias mean the same, and ask it through the same eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Alias([u8; 32]);

impl Alias {
    /// The alias of a body. `client` may decide which documents are executed, as may `documents`, the version of those that are published.
    pub fn of(body: &[u8], client: Option<&str>, documents: i64, eyes: &Eyes) -> Self {
        let mut digest = Sha256::new();
        digest.update(eyes.bytes());
        digest.update(documents.to_le_bytes());
        digest.update([u8::from(client.is_some())]);
        let client = client.unwrap_or_default();
        digest.update(client.len().to_le_bytes());
        digest.update(client);
        // Last, so that it needs no length.
        digest.update(body);
        Self(digest.finalize().into())
    }
}

impl super::ResponseCache {
    /// The key of the answer to such a request, if it was asked before.
    pub fn key_of(&self, alias: &Alias) -> Option<Key> {
        self.aliases.get(alias)
    }

    /// Such a request is answered by what has this key.
    pub fn remember(&self, alias: Alias, key: Key) {
        self.aliases.insert(alias, key);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use schema::Visibility;

    use super::*;

    #[test]
    fn whatever_a_request_means_makes_another_alias() {
        let eyes = |subject: &str| {
            Eyes::of(&Visibility {
                tenant: subject.to_owned(),
                subject: subject.to_owned(),
                user: None,
                teams: Vec::new(),
                scopes: Default::default(),
            })
        };
        let aliases = [
            Alias::of(b"{}", None, 1, &eyes("a")),
            Alias::of(b"{ }", None, 1, &eyes("a")),
            Alias::of(b"{}", Some("web"), 1, &eyes("a")),
            Alias::of(b"{}", Some(""), 1, &eyes("a")),
            Alias::of(b"web{}", None, 1, &eyes("a")),
            Alias::of(b"{}", None, 2, &eyes("a")),
            Alias::of(b"{}", None, 1, &eyes("b")),
        ];
        assert_eq!(aliases.iter().collect::<HashSet<_>>().len(), aliases.len());
        assert_eq!(aliases[0], Alias::of(b"{}", None, 1, &eyes("a")));
    }
}
