//! `CacheMaker`: the caches of one connector, all made alike.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use futures::{FutureExt, TryFutureExt};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    SourceError,
    cache::{Batch, Lives, Parts, SharedStore, SourceCache, TagsOf},
    connector::Surroundings,
    redis::{Namespace, RedisStore},
    upstream::Upstream,
};

/// What a fetch brings: the values that exist, by key.
pub(crate) type Found<V> = Result<HashMap<String, V>, SourceError>;
/// What a fetch brings that may fail for some keys.
pub(crate) type Partly<V> = Result<Batch<V>, SourceError>;

/// What all caches of a connector have in common.
pub(crate) struct CacheMaker<'a, C> {
    /// What asks for what is missing.
    pub(crate) client: &'a C,
    /// Whose answers they keep.
    pub(crate) upstream: &'a Upstream,
    /// Most entries in memory, of each.
    pub(crate) entries_max: u64,
    /// Where the entries of a call are kept in Redis.
    pub(crate) namespace: &'a dyn Fn(&str) -> Namespace,
    /// Where it stands.
    pub(crate) around: Surroundings<'a>,
}

/// What tells one cache from the others.
#[derive(Clone, Copy)]
pub(crate) struct CacheKind<'a> {
    /// The call that fills it.
    pub(crate) call: &'a str,
    /// Most keys of one call.
    pub(crate) batch_max: usize,
    /// Longest that a caller waits.
    pub(crate) wait_max: Duration,
    /// How long entries live.
    pub(crate) lives: Lives,
    /// The tags of a key.
    pub(crate) tags_of: TagsOf,
}

impl<C: Clone + Send + Sync + 'static> CacheMaker<'_, C> {
    /// A cache of this kind, filled by `fetch`; with Redis, replicas share it.
    pub(crate) fn cache<V, F, B>(
        &self,
        kind: CacheKind<'_>,
        fetch: impl Fn(C, Vec<String>) -> F + Send + Sync + 'static,
    ) -> SourceCache<V>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = Result<B, SourceError>> + Send + 'static,
        B: Into<Batch<V>> + 'static,
    {
        let shared = self.around.redis.map(|redis| {
            let store = RedisStore::new(redis.clone(), (self.namespace)(kind.call), kind.tags_of);
            Arc::new(store) as Arc<dyn SharedStore<V>>
        });
        let client = self.client.clone();
        SourceCache::new(Parts {
            upstream: self.upstream.kind(),
            entries_max: self.entries_max,
            evictions: Arc::clone(self.around.evictions),
            tags_of: kind.tags_of,
            shared,
            fetch: Arc::new(move |keys| fetch(client.clone(), keys).map_ok(Into::into).boxed()),
            lives: kind.lives,
            batch_max: kind.batch_max,
            wait_max: kind.wait_max,
            clock: self.around.clock.clone(),
            health: Arc::clone(self.upstream.health()),
        })
    }
}
