//! How a request reaches a cache: whether what is known may be served, and how long the request still waits for Redis.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::Uses;

/// Whether what is known may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CacheMode {
    /// Yes.
    #[default]
    Use,
    /// No: the upstream is asked; what it says is kept.
    Bypass,
}

/// One request's way to the caches. Clones belong to the same request.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Whether what is known may be served.
    pub mode: CacheMode,
    /// The greatest age that the caller accepts; none: whatever the configuration calls usable.
    pub age_max: Option<Duration>,
    /// What the request still waits for the shared level.
    pub patience: Patience,
    /// When the request stops waiting for upstreams; none: each wait has its own limit alone.
    pub deadline: Option<Instant>,
    /// What was served.
    pub uses: Uses,
}

impl Access {
    /// The access of a request that has not waited yet.
    pub fn new(mode: CacheMode) -> Self {
        Self { mode, age_max: None, patience: Patience::new(), deadline: None, uses: Uses::default() }
    }

    /// The same for a request that stops waiting for upstreams at this moment.
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// The same for a request that notes what it is served.
    #[must_use]
    pub fn noting(self, uses: Uses) -> Self {
        Self { uses, ..self }
    }

    /// The same request's way to what is no older than this.
    pub fn no_older_than(&self, age_max: Option<Duration>) -> Self {
        Self { age_max, ..self.clone() }
    }
}

/// How much of one request's wait for the shared level is spent. All its commands share it, so that a level which hangs
/// costs a request one command's time and not one for each command. Clones share what is spent.
#[derive(Debug, Clone, Default)]
pub struct Patience {
    spent_micros: Arc<AtomicU64>,
    is_free: bool,
}

impl Patience {
    /// Nothing is spent yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, but answers that come in time cost nothing: for looks while another replica fetches, when the caller
    /// would wait for the upstream anyway.
    pub(crate) fn free(&self) -> Self {
        Self { spent_micros: Arc::clone(&self.spent_micros), is_free: true }
    }

    /// What is left of this much; none when it is spent.
    pub(crate) fn left_of(&self, whole: Duration) -> Option<Duration> {
        let spent = Duration::from_micros(self.spent_micros.load(Ordering::Relaxed));
        whole.checked_sub(spent).filter(|left| !left.is_zero())
    }

    /// An answer came after this long.
    pub(crate) fn spend(&self, took: Duration) {
        if !self.is_free {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            let _ = self
                .spent_micros
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |spent| Some(spent.saturating_add(micros)));
        }
    }

    /// No answer came: this request does not try again.
    pub(crate) fn give_up(&self) {
        self.spent_micros.store(u64::MAX, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_command_waits_the_others_have_no_more() {
        let whole = Duration::from_millis(50);
        let patience = Patience::new();
        let sibling = patience.clone();
        assert_eq!(patience.left_of(whole), Some(whole));
        patience.spend(Duration::from_millis(20));
        patience.free().spend(Duration::from_millis(20));
        assert_eq!(sibling.left_of(whole), Some(Duration::from_millis(30)));
        sibling.spend(Duration::from_millis(30));
        assert_eq!(patience.left_of(whole), None);
        let other = Patience::new();
        other.free().give_up();
        assert_eq!(other.left_of(whole), None);
    }
}
