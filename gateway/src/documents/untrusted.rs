//! Tells of documents that were executed although they were not published, where the mode is `prefer`: each one once in a
//! while, and never so many that the log is about nothing else.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use moka::sync::Cache;

/// How long a document is not told again of the same client.
const AGAIN_AFTER: Duration = Duration::from_secs(600);
/// Most documents that are remembered as told.
const REMEMBERED_MAX: u64 = 10_000;
/// How long nothing is told after something was.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest name of a client that is told, in characters.
const NAME_CHARS_MAX: usize = 64;

pub(super) struct Untrusted {
    told: Cache<(String, String), ()>,
    last: Mutex<Option<Instant>>,
}

impl Default for Untrusted {
    fn default() -> Self {
        let told = Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(AGAIN_AFTER).build();
        Self { told, last: Mutex::default() }
    }
}

impl Untrusted {
    /// Tells of a document, by its hash.
    pub(super) fn tell(&self, client: Option<&str>, hash: &str) {
        let client: String = client.unwrap_or_default().chars().take(NAME_CHARS_MAX).collect();
        let key = (client, hash.to_owned());
        if self.told.contains_key(&key) || self.is_paused() {
            return;
        }
        tracing::info!(client = key.0, hash, "executed a document that was not published");
        self.told.insert(key, ());
    }

    fn is_paused(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_paused = last.is_some_and(|last| last.elapsed() < PAUSE);
        if !is_paused {
            *last = Some(Instant::now());
        }
        is_paused
    }
}
