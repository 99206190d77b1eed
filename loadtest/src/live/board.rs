//! `Board`: what a crowd of clients has seen, event by event. Each event carries a number, its mark; the board knows when it was published.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicU64, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use bytes::Bytes;
use tokio::sync::Notify;

/// Most events of one crowd.
pub(super) const EVENTS_MAX: usize = 4096;

pub(super) struct Board {
    began: Instant,
    published_us: Vec<AtomicU64>,
    /// How many have seen it, and when the last one did.
    seen: Vec<AtomicUsize>,
    last_us: Vec<AtomicU64>,
    /// Clients that have asked.
    pub(super) opened: AtomicUsize,
    pub(super) deliveries: AtomicUsize,
    /// Each delivery's microseconds since its event was published.
    latencies: Mutex<Vec<u32>>,
    /// The messages of the first client, as they came.
    kept: Mutex<Vec<Bytes>>,
    failure: Mutex<Option<String>>,
    is_paused: AtomicBool,
    resumed: Notify,
}

impl Board {
    pub(super) fn new() -> Self {
        let zeros = || (0..EVENTS_MAX).map(|_| AtomicU64::new(0)).collect();
        Self {
            began: Instant::now(),
            published_us: zeros(),
            seen: (0..EVENTS_MAX).map(|_| AtomicUsize::new(0)).collect(),
            last_us: zeros(),
            opened: AtomicUsize::new(0),
            deliveries: AtomicUsize::new(0),
            latencies: Mutex::default(),
            kept: Mutex::default(),
            failure: Mutex::default(),
            is_paused: AtomicBool::new(false),
            resumed: Notify::new(),
        }
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// These events go out now.
    pub(super) fn publish(&self, marks: std::ops::Range<usize>) {
        let now = self.now_us();
        for mark in marks {
            if let Some(at) = self.published_us.get(mark) {
                at.store(now, Relaxed);
            }
        }
    }

    /// A client got this event.
    pub(super) fn saw(&self, mark: usize) {
        let now = self.now_us();
        let (Some(published), Some(seen), Some(last)) =
            (self.published_us.get(mark), self.seen.get(mark), self.last_us.get(mark))
        else {
            return;
        };
        last.fetch_max(now, Relaxed);
        let latency = now.saturating_sub(published.load(Relaxed));
        lock(&self.latencies).push(u32::try_from(latency).unwrap_or(u32::MAX));
        // Whoever waits looks at the number for this event, so that comes last.
        self.deliveries.fetch_add(1, Relaxed);
        seen.fetch_add(1, Release);
    }

    /// How many got this event.
    pub(super) fn seen(&self, mark: usize) -> usize {
        self.seen.get(mark).map_or(0, |seen| seen.load(Acquire))
    }

    /// From when these events were published until the last client had the last of them.
    pub(super) fn took(&self, marks: std::ops::Range<usize>) -> Duration {
        let times = |list: &[AtomicU64]| -> Vec<u64> {
            list.get(marks.clone()).unwrap_or_default().iter().map(|at| at.load(Relaxed)).collect()
        };
        let first = times(&self.published_us).into_iter().min().unwrap_or(0);
        let last = times(&self.last_us).into_iter().max().unwrap_or(0);
        Duration::from_micros(last.saturating_sub(first))
    }

    /// Latencies of all deliveries since this was asked last.
    pub(super) fn take_latencies(&self) -> Vec<Duration> {
        std::mem::take(&mut *lock(&self.latencies)).into_iter().map(|us| Duration::from_micros(us.into())).collect()
    }

    pub(super) fn keep(&self, message: Bytes) {
        lock(&self.kept).push(message);
    }

    pub(super) fn kept(&self) -> Vec<Bytes> {
        lock(&self.kept).clone()
    }

    /// The first failure is told.
    pub(super) fn fail(&self, what: String) {
        lock(&self.failure).get_or_insert(what);
    }

    /// From now on nobody reads, or everybody does.
    pub(super) fn pause(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Relaxed);
        self.resumed.notify_waiters();
    }

    /// Waits while nobody is to read.
    pub(super) async fn reading(&self) {
        while self.is_paused.load(Relaxed) {
            let resumed = self.resumed.notified();
            if self.is_paused.load(Relaxed) {
                resumed.await;
            }
        }
    }

    /// Waits until this holds; an error after `limit`, or where a client failed.
    pub(super) async fn until(
        &self,
        what: &str,
        limit: Duration,
        mut holds: impl FnMut() -> bool,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + limit;
        while !holds() {
            if let Some(failure) = lock(&self.failure).as_ref() {
                bail!("a client failed: {failure}");
            }
            ensure!(
                Instant::now() < end,
                "{what}: not within {limit:?}; {} clients, {} deliveries",
                self.opened.load(Relaxed),
                self.deliveries.load(Relaxed)
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_tells_how_many_saw_an_event_and_how_late() {
        let board = Board::new();
        board.publish(0..2);
        for mark in [0, 1, 0, EVENTS_MAX] {
            board.saw(mark);
        }
        assert_eq!((board.seen(0), board.seen(1), board.seen(EVENTS_MAX)), (2, 1, 0));
        assert_eq!((board.take_latencies().len(), board.take_latencies().len()), (3, 0));
        assert!(board.took(0..2) < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn waiting_ends_with_the_first_failure() {
        let board = Board::new();
        board.fail("one".to_owned());
        board.fail("two".to_owned());
        let outcome = board.until("never", Duration::from_secs(60), || false).await;
        assert_eq!(outcome.unwrap_err().to_string(), "a client failed: one");
    }
}
