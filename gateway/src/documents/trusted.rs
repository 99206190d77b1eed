//! Published documents, in memory. A reader sees one state of all of them; a refresh that fails leaves what was there.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use arc_swap::ArcSwap;
use sources::postgres::TrustedDocument;

/// No version of the database is so.
const NEVER: i64 = -1;

/// The published documents.
pub(super) struct Trusted {
    by_id: ArcSwap<ById>,
    /// The version of the database that was read last.
    version: AtomicI64,
}

/// Documents by their hash and by their id in a manifest, each with the client that it is for; none: any client.
type ById = HashMap<String, Vec<(Option<String>, Arc<str>)>>;

impl Default for Trusted {
    fn default() -> Self {
        Self { by_id: ArcSwap::default(), version: AtomicI64::new(NEVER) }
    }
}

impl Trusted {
    /// The document with this id that this client may use.
    pub(super) fn find(&self, id: &str, client: Option<&str>) -> Option<Arc<str>> {
        let by_id = self.by_id.load();
        let for_it = |owner: &Option<String>| owner.is_none() || owner.as_deref() == client;
        by_id.get(id)?.iter().find(|(owner, _)| for_it(owner)).map(|(_, text)| Arc::clone(text))
    }

    /// Whether they were read at all.
    pub(super) fn is_known(&self) -> bool {
        self.version() != NEVER
    }

    /// The version of the database that is known.
    pub(super) fn version(&self) -> i64 {
        self.version.load(Ordering::Acquire)
    }

    /// From now on these are known, and no others.
    pub(super) fn set(&self, version: i64, documents: Vec<TrustedDocument>) {
        let mut by_id = ById::new();
        for TrustedDocument { hash, id, client, text, .. } in documents {
            let text: Arc<str> = text.into();
            for name in id.into_iter().chain([hash]) {
                by_id.entry(name).or_default().push((client.clone(), Arc::clone(&text)));
            }
        }
        self.by_id.store(Arc::new(by_id));
        self.version.store(version, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_found_by_hash_and_id_and_only_by_the_client_it_is_for() {
        let document = |hash: &str, id: Option<&str>, client: Option<&str>| TrustedDocument {
            hash: hash.to_owned(),
            id: id.map(str::to_owned),
            client: client.map(str::to_owned),
            text: format!("text of {hash}"),
            cost: 1,
        };
        let trusted = Trusted::default();
        assert!(!trusted.is_known());
        trusted.set(3, vec![document("a", Some("md5"), None), document("b", None, Some("portal"))]);
        assert!(trusted.is_known() && trusted.version() == 3);
        assert_eq!(trusted.find("a", None).as_deref(), Some("text of a"));
        assert_eq!(trusted.find("md5", Some("other")).as_deref(), Some("text of a"));
        assert_eq!(trusted.find("b", Some("portal")).as_deref(), Some("text of b"));
        assert!(trusted.find("b", Some("other")).is_none() && trusted.find("b", None).is_none());
        trusted.set(4, Vec::new());
        assert!(trusted.find("a", None).is_none());
    }
}
