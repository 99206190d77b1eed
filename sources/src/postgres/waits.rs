//! `Waits`: how long those wait who want a connection, also those who wait still.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Looks lie so far apart; whoever began before the last look and has not ended waits at least since then.
#[derive(Default)]
pub(super) struct Waits {
    /// The longest that ended since the last look, in microseconds.
    longest: AtomicU64,
    /// When those began who wait, oldest first; a number tells equal moments apart.
    waiting: Mutex<std::collections::BTreeSet<(Instant, u64)>>,
    number: AtomicU64,
}

/// One who waits, until it is dropped.
pub(super) struct Wait {
    waits: Arc<Waits>,
    key: (Instant, u64),
}

impl Waits {
    /// Somebody begins to wait.
    pub(super) fn begin(self: &Arc<Self>) -> Wait {
        let key = (Instant::now(), self.number.fetch_add(1, Ordering::Relaxed));
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        Wait { waits: Arc::clone(self), key }
    }

    /// The longest wait since this was asked last.
    pub(super) fn take(&self) -> Duration {
        let ended = Duration::from_micros(self.longest.swap(0, Ordering::Relaxed));
        let oldest =
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).first().map(|(begun, _)| begun.elapsed());
        ended.max(oldest.unwrap_or_default())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.waits.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        let waited = u64::try_from(self.key.0.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waits.longest.fetch_max(waited, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_still_count_as_well() {
        let waits = Arc::new(Waits::default());
        assert_eq!(waits.take(), Duration::ZERO);
        let wait = waits.begin();
        assert!(waits.take() > Duration::ZERO, "one waits");
        drop(wait);
        assert!(waits.take() > Duration::ZERO, "one has waited");
        assert_eq!(waits.take(), Duration::ZERO);
    }
}
