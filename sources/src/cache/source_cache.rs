//! `SourceCache`: the way from many keys to many values, past a store and an upstream that answers in batches.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use schema::SourceKind;
use tokio::time::timeout;

use super::{
    Entry, EntryStore, Lives, Served,
    flight::{Departure, Flights},
};
use crate::{Clock, SourceError, health::Health};

/// Fetches a batch: the values that exist, by key. An error is every key's error.
pub type Fetch<V> = dyn Fn(Vec<String>) -> BoxFuture<'static, Result<HashMap<String, V>, SourceError>> + Send + Sync;

/// Whether what is known may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CacheMode {
    /// Yes.
    #[default]
    Use,
    /// No: the upstream is asked; what it says is kept.
    Bypass,
}

/// A cache in front of one upstream call.
pub struct SourceCache<V> {
    upstream: SourceKind,
    store: Arc<dyn EntryStore<V>>,
    flights: Arc<Flights<V>>,
    fetch: Arc<Fetch<V>>,
    lives: Lives,
    batch_max: usize,
    wait_max: Duration,
    clock: Clock,
    health: Arc<Health>,
}

impl<V> Clone for SourceCache<V> {
    fn clone(&self) -> Self {
        Self {
            upstream: self.upstream,
            store: Arc::clone(&self.store),
            flights: Arc::clone(&self.flights),
            fetch: Arc::clone(&self.fetch),
            lives: self.lives,
            batch_max: self.batch_max,
            wait_max: self.wait_max,
            clock: self.clock.clone(),
            health: Arc::clone(&self.health),
        }
    }
}

/// What a cache is made of.
pub struct Parts<V> {
    /// Whose answers it keeps.
    pub upstream: SourceKind,
    /// Where it keeps them.
    pub store: Arc<dyn EntryStore<V>>,
    /// How the upstream is asked.
    pub fetch: Arc<Fetch<V>>,
    /// How long entries live.
    pub lives: Lives,
    /// Most keys of one call.
    pub batch_max: usize,
    /// Longest that a caller waits.
    pub wait_max: Duration,
    /// What time it is.
    pub clock: Clock,
    /// Where hits and misses are told.
    pub health: Arc<Health>,
}

impl<V: Send + Sync + 'static> SourceCache<V> {
    /// A cache made of these parts.
    pub fn new(parts: Parts<V>) -> Self {
        let Parts { upstream, store, fetch, lives, batch_max, wait_max, clock, health } = parts;
        Self { upstream, store, flights: Arc::new(Flights::new()), fetch, lives, batch_max, wait_max, clock, health }
    }

    /// One outcome for each key. Never waits longer than `wait_max`, whatever the upstream does.
    pub async fn get_many(
        &self,
        keys: Vec<String>,
        mode: CacheMode,
    ) -> HashMap<String, Result<Served<V>, SourceError>> {
        let known = match mode {
            CacheMode::Use => self.store.get_many(&keys).await,
            CacheMode::Bypass => keys.iter().map(|_| None).collect(),
        };
        let now = self.clock.now();
        let mut outcomes = HashMap::with_capacity(keys.len());
        let (mut missing, mut refresh) = (Vec::new(), Vec::new());
        for (key, entry) in keys.into_iter().zip(known) {
            match entry {
                Some(entry) if entry.is_usable(now) => {
                    if !entry.is_fresh(now) {
                        refresh.push(key.clone());
                    }
                    outcomes.insert(key, Ok(entry.served(now)));
                }
                _ => missing.push(key),
            }
        }
        self.health.read(outcomes.len(), missing.len());
        self.count("hit", outcomes.len() - refresh.len());
        self.count("stale", refresh.len());
        self.count("miss", missing.len());
        if !refresh.is_empty() {
            // Nobody waits: whoever comes next finds the new entry, or the old one while the upstream fails.
            let (_, departure) = self.flights.join(&refresh);
            self.depart(departure, CacheMode::Use);
        }
        if !missing.is_empty() {
            self.wait_for(missing, mode, &mut outcomes).await;
        }
        outcomes
    }

    async fn wait_for(
        &self,
        missing: Vec<String>,
        mode: CacheMode,
        outcomes: &mut HashMap<String, Result<Served<V>, SourceError>>,
    ) {
        let (awaited, departure) = self.flights.join(&missing);
        self.depart(departure, mode);
        let deadline = tokio::time::Instant::now() + self.wait_max;
        for (key, flight) in awaited {
            let landing = match tokio::time::timeout_at(deadline, flight).await {
                Ok(Ok(landing)) => match &*landing {
                    Ok(entry) => Ok(entry.served(self.clock.now())),
                    Err(error) => Err(error.clone()),
                },
                Ok(Err(_)) => Err(SourceError::unavailable(self.upstream, "the call was given up")),
                Err(_) => Err(SourceError::Timeout { upstream: self.upstream, limit: self.wait_max }),
            };
            outcomes.insert(key, landing);
        }
    }

    /// Fetches the departure's keys in tasks of their own, a batch each.
    fn depart(&self, departure: Departure<V>, mode: CacheMode) {
        for departure in departure.split(self.batch_max) {
            let cache = self.clone();
            tokio::spawn(async move { cache.fly(departure, mode).await });
        }
    }

    async fn fly(&self, mut departure: Departure<V>, mode: CacheMode) {
        let mut keys = departure.keys();
        if mode == CacheMode::Use {
            // Another flight may have landed between the caller's look and its joining.
            let now = self.clock.now();
            let known = self.store.get_many(&keys).await;
            let mut unknown = Vec::new();
            for (key, entry) in keys.into_iter().zip(known) {
                match entry {
                    Some(entry) if entry.is_fresh(now) => departure.land(&key, Ok(entry)),
                    _ => unknown.push(key),
                }
            }
            keys = unknown;
        }
        if keys.is_empty() {
            return;
        }
        let fetched = timeout(self.wait_max, (self.fetch)(keys.clone())).await;
        match fetched.unwrap_or(Err(SourceError::Timeout { upstream: self.upstream, limit: self.wait_max })) {
            Ok(mut values) => {
                let now = self.clock.now();
                let entries: Vec<(String, Entry<V>)> = keys
                    .into_iter()
                    .map(|key| {
                        let value = values.remove(&key);
                        (key, Entry::new(value, now, &self.lives))
                    })
                    .collect();
                self.store.put_many(&entries).await;
                for (key, entry) in entries {
                    departure.land(&key, Ok(entry));
                }
            }
            Err(error) => {
                for key in keys {
                    departure.land(&key, Err(error.clone()));
                }
            }
        }
    }

    fn count(&self, outcome: &'static str, times: usize) {
        let times = u64::try_from(times).unwrap_or(u64::MAX);
        metrics::counter!("weft_source_cache_total", "source" => self.upstream.as_str(), "outcome" => outcome)
            .increment(times);
    }
}
