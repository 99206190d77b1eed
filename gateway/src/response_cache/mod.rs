//! Whole answers of queries whose every field may be kept (`prepare::Keeping`), by everything that they depend on (`key`). What has
//! changed since an answer was begun ends it (`versions`, heard of by `listener`); equal questions that meet are one (`flight`).

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
use moka::sync::Cache;
use resolvers::cache_control::Domain;
use tokio::time::Instant;

pub use flight::{Flight, Found};
pub use kept::Kept;
pub use key::Key;
pub use listener::run;
pub use versions::Versions;

/// One answer may take this part of the whole room.
const SHARE_MAX: u64 = 8;

/// Answers that are kept.
pub struct ResponseCache {
    entries: Cache<Key, Arc<Kept>, RandomState>,
    flights: Mutex<HashMap<Key, flight::Waiting, RandomState>>,
    versions: Versions,
    answer_bytes_max: u64,
}

impl ResponseCache {
    /// Room for so many bytes; beyond it the least used go.
    pub fn new(bytes_max: u64) -> Self {
        let weigh = |_: &Key, kept: &Arc<Kept>| kept.weight();
        let entries = Cache::builder().max_capacity(bytes_max).weigher(weigh).build_with_hasher(RandomState::new());
        Self { entries, flights: Mutex::default(), versions: Versions::new(), answer_bytes_max: bytes_max / SHARE_MAX }
    }

    /// What changed when.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The answer with this key, if it counts at this moment.
    pub fn get(&self, key: &Key, tenant: &str, now: Instant) -> Option<Arc<Kept>> {
        let kept = self.entries.get(key)?;
        let Some(stamp) = self.versions.stamp(tenant, now) else {
            count("unsure");
            return None;
        };
        if kept.holds(&stamp, now) {
            count("hit");
            return Some(kept);
        }
        count("ended");
        self.entries.invalidate(key);
        None
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

fn count(outcome: &'static str) {
    metrics::counter!("weft_response_cache_total", "outcome" => outcome).increment(1);
}
