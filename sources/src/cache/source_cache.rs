//! `SourceCache`: the way from many keys to many values. What memory has is served here; the rest departs (`journey.rs`).

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use schema::SourceKind;
use tokio::time::Instant;

use super::{
    Access, Batch, CacheMode, Evictions, Layer, Lives, Served, SharedStore, TagsOf,
    flight::{Departure, Flights},
    journey::{Journey, Purpose},
    store::MemoryStore,
};
use crate::{Clock, SourceError, health::Health};

/// Fetches a batch. An error is every key's error.
pub type Fetch<V> = dyn Fn(Vec<String>) -> BoxFuture<'static, Result<Batch<V>, SourceError>> + Send + Sync;

/// A cache in front of one upstream call. Clones share everything.
pub struct SourceCache<V>(Arc<Inner<V>>);

pub(super) struct Inner<V> {
    pub(super) upstream: SourceKind,
    pub(super) memory: MemoryStore<V>,
    pub(super) shared: Option<Arc<dyn SharedStore<V>>>,
    flights: Arc<Flights<V>>,
    /// Of callers who must not be given what is known, even by another flight.
    bypass_flights: Arc<Flights<V>>,
    /// Of callers who want nothing older than they say.
    since_flights: Arc<Flights<V>>,
    pub(super) fetch: Arc<Fetch<V>>,
    pub(super) lives: Lives,
    batch_max: usize,
    pub(super) wait_max: Duration,
    pub(super) clock: Clock,
    health: Arc<Health>,
}

impl<V> Clone for SourceCache<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What a cache is made of.
pub struct Parts<V> {
    /// Whose answers it keeps.
    pub upstream: SourceKind,
    /// Most entries in memory.
    pub entries_max: u64,
    /// What is evicted from this process.
    pub evictions: Arc<Evictions>,
    /// The tags of a key.
    pub tags_of: TagsOf,
    /// The level that replicas share, where there is one.
    pub shared: Option<Arc<dyn SharedStore<V>>>,
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

type Outcomes<V> = HashMap<String, Result<Served<V>, SourceError>>;

impl<V: Send + Sync + 'static> SourceCache<V> {
    /// A cache made of these parts.
    pub fn new(parts: Parts<V>) -> Self {
        Self(Arc::new(Inner {
            upstream: parts.upstream,
            memory: MemoryStore::new(parts.entries_max, parts.evictions, parts.tags_of),
            shared: parts.shared,
            flights: Arc::new(Flights::new()),
            bypass_flights: Arc::new(Flights::new()),
            since_flights: Arc::new(Flights::new()),
            fetch: parts.fetch,
            lives: parts.lives,
            batch_max: parts.batch_max,
            wait_max: parts.wait_max,
            clock: parts.clock,
            health: parts.health,
        }))
    }

    /// One outcome for each key. Never waits longer than `wait_max`, whatever the upstream does.
    pub async fn get_many(&self, keys: Vec<String>, access: &Access) -> Outcomes<V> {
        access.uses.begin(self.0.memory.evictions());
        let known = match access.mode {
            CacheMode::Use => self.0.memory.get_many(&keys).await,
            CacheMode::Bypass => keys.iter().map(|_| None).collect(),
        };
        let now = self.0.clock.now();
        let since = access.age_max.map(|age| now - TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX));
        let mut outcomes = HashMap::with_capacity(keys.len());
        let (mut missing, mut refresh) = (Vec::new(), Vec::new());
        for (key, entry) in keys.into_iter().zip(known) {
            match entry {
                Some(entry) if entry.is_usable(now) && since.is_none_or(|since| entry.fetched_at >= since) => {
                    if !entry.is_fresh(now) {
                        refresh.push(key.clone());
                    }
                    access.uses.add(&entry.life, entry.fresh_until);
                    outcomes.insert(key, Ok(entry.served(now, Layer::Memory)));
                }
                _ => missing.push(key),
            }
        }
        self.count("hit", outcomes.len() - refresh.len());
        self.count("stale", refresh.len());
        self.refresh(&refresh);
        let hits = outcomes.len();
        let (asked, shared_hits) = (missing.len(), self.wait_for(missing, access, since, &mut outcomes).await);
        self.0.health.read(hits + shared_hits, asked - shared_hits);
        self.count("shared", shared_hits);
        self.count("miss", asked - shared_hits);
        outcomes
    }

    /// Makes everything with one of these tags absent: in memory here and on the other replicas, and in the shared level.
    pub async fn evict_tags(&self, tags: &[String]) {
        self.0.memory.evictions().evict(tags);
        if let Some(shared) = &self.0.shared {
            shared.evict(tags).await;
            // Who read meanwhile may have brought the old entry back from there.
            self.0.memory.evictions().evict(tags);
        }
    }

    /// Fetches anew behind. Nobody waits: whoever comes next finds the new entry, or the old one while the upstream fails.
    pub(super) fn refresh(&self, keys: &[String]) {
        if !keys.is_empty() {
            let (_, departure) = self.0.flights.join(keys);
            self.depart(departure, Purpose::Refresh, &Access::new(CacheMode::Use));
        }
    }

    /// Waits for the flights of these keys; tells how many of them a cache had after all.
    async fn wait_for(
        &self,
        mut missing: Vec<String>,
        access: &Access,
        since: Option<DateTime<Utc>>,
        outcomes: &mut Outcomes<V>,
    ) -> usize {
        let upstream = self.0.upstream;
        let (flights, purpose) = match (access.mode, since) {
            (CacheMode::Bypass, _) => (&self.0.bypass_flights, Purpose::Bypass),
            (CacheMode::Use, Some(since)) => (&self.0.since_flights, Purpose::Since(since)),
            (CacheMode::Use, None) => (&self.0.flights, Purpose::Miss),
        };
        let asked_at = Instant::now();
        // Who waits for one cache after another must be done before the request is: else its whole answer is lost.
        let own = asked_at + self.0.wait_max;
        let deadline = access.deadline.map_or(own, |deadline| deadline.min(own));
        let late = || SourceError::Timeout { upstream, limit: deadline.saturating_duration_since(asked_at) };
        let mut known = 0;
        while !missing.is_empty() {
            if Instant::now() >= deadline {
                access.uses.spoil();
                outcomes.extend(missing.drain(..).map(|key| (key, Err(late()))));
                break;
            }
            let (awaited, departure) = flights.join(&missing);
            self.depart(departure, purpose, access);
            missing.clear();
            for (key, flight) in awaited {
                let landing = match tokio::time::timeout_at(deadline, flight).await {
                    Ok(Ok(landing)) => match &*landing {
                        Ok(landed) if since.is_some_and(|since| landed.entry.fetched_at < since) => {
                            // The flight that was joined had departed for somebody who asks for less.
                            missing.push(key);
                            continue;
                        }
                        Ok(landed) => {
                            access.uses.add(&landed.entry.life, landed.entry.fresh_until);
                            known += usize::from(landed.layer != Layer::Source);
                            Ok(landed.entry.served(self.0.clock.now(), landed.layer))
                        }
                        Err(error) => Err(error.clone()),
                    },
                    Ok(Err(_)) => Err(SourceError::unavailable(upstream, "the call was given up")),
                    Err(_) => Err(late()),
                };
                if landing.is_err() {
                    access.uses.spoil();
                }
                outcomes.insert(key, landing);
            }
        }
        known
    }

    /// Fetches the departure's keys in tasks of their own, a batch each.
    fn depart(&self, departure: Departure<V>, purpose: Purpose, access: &Access) {
        for departure in departure.split(self.0.batch_max) {
            let journey = Journey::new(self.clone(), purpose, access.patience.clone());
            tokio::spawn(journey.travel(departure));
        }
    }

    pub(super) fn inner(&self) -> &Inner<V> {
        &self.0
    }

    fn count(&self, outcome: &'static str, times: usize) {
        let times = u64::try_from(times).unwrap_or(u64::MAX);
        metrics::counter!("weft_source_cache_total", "source" => self.0.upstream.as_str(), "outcome" => outcome)
            .increment(times);
    }
}
