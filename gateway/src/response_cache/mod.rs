//! Whole answers of queries whose every field may be kept (`prepare::Keeping`), by everything that they depend on (`key`), and found by
//! the bytes of a request that came before (`alias`). What has changed since an answer was begun ends it (`versions`, heard of by `listener`); equal questions that meet are one (`flight`).

mod alias;
mod flight;
mod kept;
mod key;
mod listener;
mod versions;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use ahash::RandomState;
use metrics::Counter;
use moka::sync::Cache;
use resolvers::cache_control::Domain;
use sources::Labelled;
use tokio::time::Instant;

pub use alias::Alias;
pub use flight::{Flight, Found};
pub use kept::Kept;
pub use key::{Eyes, Key};
pub use listener::run;
pub use versions::Versions;

/// One answer may take this part of the whole room.
const SHARE_MAX: u64 = 8;

/// The outcome of an answer that was kept and counts no more.
const ENDED: &str = "ended";
/// Most requests that are known by their bytes. Each takes some 200 bytes.
const ALIASES_MAX: u64 = 16_384;

/// Answers that are kept.
pub struct ResponseCache {
    entries: Cache<Key, Arc<Kept>, RandomState>,
    aliases: Cache<Alias, Key, RandomState>,
    flights: Mutex<HashMap<Key, flight::Waiting, RandomState>>,
    versions: Versions,
    answer_bytes_max: u64,
}

impl ResponseCache {
    /// Room for so many bytes; beyond it the least used go.
    pub fn new(bytes_max: u64) -> Self {
        let weigh = |_: &Key, kept: &Arc<Kept>| kept.weight();
        let entries = Cache::builder().max_capacity(bytes_max).weigher(weigh).build_with_hasher(RandomState::new());
        Self {
            entries,
            aliases: Cache::builder().max_capacity(ALIASES_MAX).build_with_hasher(RandomState::new()),
            flights: Mutex::default(),
            versions: Versions::new(),
            answer_bytes_max: bytes_max / SHARE_MAX,
        }
    }

    /// What changed when.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The answer with this key, if it counts at this moment.
    pub fn get(&self, key: &Key, tenant: &str, now: Instant) -> Option<Arc<Kept>> {
        let (outcome, kept) = self.look(key, tenant, now)?;
        count(outcome);
        if outcome == ENDED {
            self.entries.invalidate(key);
        }
        kept
    }

    /// As [`Self::get`], for whoever asks again under the same key: only a hit is counted.
    pub fn get_early(&self, key: &Key, tenant: &str, now: Instant) -> Option<Arc<Kept>> {
        let (outcome, kept) = self.look(key, tenant, now)?;
        kept.inspect(|_| count(outcome))
    }

    fn look(&self, key: &Key, tenant: &str, now: Instant) -> Option<(&'static str, Option<Arc<Kept>>)> {
        let kept = self.entries.get(key)?;
        Some(match self.versions.stamp(tenant, now) {
            None => ("unsure", None),
            Some(stamp) if kept.holds(&stamp, now) => ("hit", Some(kept)),
            Some(_) => (ENDED, None),
        })
    }

    /// This process changed something of the tenant itself: whoever did it sees it at once.
    pub fn changed(&self, tenant: &str) {
        for domain in Domain::ALL {
            self.versions.raise(tenant, domain);
        }
    }

    /// Gives all memory back.
    pub fn clear(&self) {
        self.entries.invalidate_all();
        self.entries.run_pending_tasks();
    }

    /// Shows how much is kept.
    pub fn report(&self) {
        self.entries.run_pending_tasks();
        metrics::gauge!("weft_response_cache_bytes").set(self.entries.weighted_size() as f64);
        metrics::gauge!("weft_response_cache_entries").set(self.entries.entry_count() as f64);
    }
}

static OUTCOMES: Labelled<Counter> =
    Labelled::new(|outcome| metrics::counter!("weft_response_cache_total", "outcome" => outcome));

fn count(outcome: &'static str) {
    OUTCOMES.with(outcome, |outcomes| outcomes.increment(1));
}
