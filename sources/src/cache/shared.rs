//! `SharedStore`: the level that replicas share. It may be away at any time; then each replica goes on alone.

use std::time::Duration;

use async_trait::async_trait;

use super::{Entry, Patience};

/// What the shared level knows of a key.
pub struct Known<V> {
    /// The entry, if there is one and none of its tags was evicted since.
    pub entry: Option<Entry<V>>,
    /// What an entry that is fetched from now on must be kept with.
    pub stamp: Stamp,
    /// Some replica fetches it.
    pub is_leased: bool,
    /// What was fetched last does not fit this level: waiting for another replica's fetch would bring nothing.
    pub is_too_large: bool,
}

/// What a look is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Entries, leases and stamps.
    Entries,
    /// Stamps alone: the upstream is asked whatever is known, and entries can be large.
    Stamps,
}

/// The versions of a key's tags, by tag, as they were before the fetch; none: never evicted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp(pub Vec<(String, Option<String>)>);

/// An entry to be kept.
pub struct Kept<V> {
    /// Its key.
    pub key: String,
    /// What was fetched.
    pub entry: Entry<V>,
    /// What the level said of its tags before the fetch.
    pub stamp: Stamp,
}

/// The level that replicas share. `None` says that it is away or that the request's patience is spent: go on without.
#[async_trait]
pub trait SharedStore<V>: Send + Sync {
    /// What is known of each key, in the order of the keys, in one round trip.
    async fn look(&self, keys: &[String], wanted: Wanted, patience: &Patience) -> Option<Vec<Known<V>>>;

    /// Takes the right to fetch these keys for a while, in one round trip; true for each key that nobody else holds.
    async fn lease(&self, keys: &[String], token: &str, life: Duration, patience: &Patience) -> Option<Vec<bool>>;

    /// Keeps entries, and then gives the leases with this token back. `keys` are those leased, stored or not.
    async fn settle(&self, entries: Vec<Kept<V>>, keys: &[String], token: Option<&str>);

    /// Makes everything with these tags absent, here and in the memory of every replica.
    async fn evict(&self, tags: &[String]);
}
