//! What is read live from upstreams: one loader for all of them. Each key has an outcome of its own, so that one bad project does
//! not fail the other ninety-nine.

use std::{collections::HashMap, future::Future, hash::Hash, time::Duration};

use async_graphql::dataloader::Loader;
use schema::SourceKind;
use sources::{
    SourceError, Sources,
    cache::{Access, Served},
};

use super::{Outcome, Reader, grouped};

/// The outcomes of a read, by key. A key without one has no such thing.
pub type LiveOutcomes<K> = HashMap<K, Outcome<Served<<K as LiveKey>::Record>>>;

/// A key of something that is read live, through a cache.
pub trait LiveKey: Clone + Eq + Hash + Send + Sync + 'static {
    /// What it leads to.
    type Record: Send + Sync + 'static;
    /// Where it is read.
    const SOURCE: SourceKind;

    /// Reads all keys in the fewest calls.
    fn read(sources: &Sources, keys: &[Self], access: &Access) -> impl Future<Output = LiveOutcomes<Self>> + Send;
}

/// A key, and the greatest age that the caller accepts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Live<K> {
    /// What is asked for.
    pub key: K,
    /// None: whatever the configuration calls usable.
    pub age_max: Option<Duration>,
}

impl<K: LiveKey> Loader<Live<K>> for Reader {
    type Value = Outcome<Served<K::Record>>;
    type Error = SourceError;

    async fn load(&self, keys: &[Live<K>]) -> Result<HashMap<Live<K>, Self::Value>, SourceError> {
        let mut found = HashMap::with_capacity(keys.len());
        // All ages at once: one that has to be asked for holds up none that is known.
        let reads = grouped(keys, |key| (key.age_max, key.key.clone())).into_iter().map(|(age_max, keys)| async move {
            (age_max, K::read(&self.sources, &keys, &self.access.no_older_than(age_max)).await)
        });
        for (age_max, outcomes) in futures::future::join_all(reads).await {
            found.extend(outcomes.into_iter().map(|(key, outcome)| (Live { key, age_max }, outcome)));
        }
        Ok(found)
    }
}
