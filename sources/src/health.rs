//! `Health`: how a source has been answering lately. Calls report here; `sources` and `/readyz` read it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use schema::{Latency, SourceStatus};

use crate::Clock;

/// How long a call counts.
const WINDOW: TimeDelta = TimeDelta::minutes(5);
/// Most calls remembered; beyond it the oldest go, so the figures then cover less than the window.
const CALLS_MAX: usize = 2048;

/// The newest calls of one source.
pub struct Health {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: VecDeque<Call>,
    last_success_at: Option<DateTime<Utc>>,
    last_error: Option<(DateTime<Utc>, String)>,
    api_version: Option<String>,
    reads: VecDeque<(DateTime<Utc>, u32, u32)>,
}

struct Call {
    at: DateTime<Utc>,
    took: Duration,
    is_ok: bool,
}

/// What [`Health`] says at one moment.
#[derive(Debug, Clone)]
pub struct HealthReport {
    /// How the source is.
    pub status: SourceStatus,
    /// When it last answered well.
    pub last_success_at: Option<DateTime<Utc>>,
    /// What went wrong last, and when.
    pub last_error: Option<(DateTime<Utc>, String)>,
    /// How long good answers took; none without calls.
    pub latency: Option<Latency>,
    /// Share of reads that a cache answered; none without reads.
    pub cache_hit_ratio: Option<f64>,
    /// Version that it reports itself.
    pub api_version: Option<String>,
}

impl Health {
    /// Nothing is known yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// A call was answered.
    pub fn succeeded(&self, took: Duration) {
        let at = self.clock.now();
        let mut state = self.lock();
        state.last_success_at = Some(at);
        state.push(Call { at, took, is_ok: true });
    }

    /// A call failed. `message` is shown to operators and users: no secret, no address.
    pub fn failed(&self, message: String) {
        let at = self.clock.now();
        let mut state = self.lock();
        state.last_error = Some((at, message));
        state.push(Call { at, took: Duration::ZERO, is_ok: false });
    }

    /// Something is wrong that is no failure of a call. `message` is shown as that of a failure.
    pub fn noted(&self, message: String) {
        let at = self.clock.now();
        self.lock().last_error = Some((at, message));
    }

    /// So many reads were answered from a cache, so many had to be fetched.
    pub fn read(&self, hits: usize, misses: usize) {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let at = self.clock.now();
        let mut state = self.lock();
        if state.reads.len() >= CALLS_MAX {
            state.reads.pop_front();
        }
        state.reads.push_back((at, count(hits), count(misses)));
    }

    /// The source told its version.
    pub fn version(&self, version: String) {
        self.lock().api_version = Some(version);
    }

    /// How the source is now.
    pub fn report(&self) -> HealthReport {
        let horizon = self.clock.now() - WINDOW;
        let mut state = self.lock();
        state.forget_before(horizon);
        let mut took: Vec<Duration> = state.calls.iter().filter(|call| call.is_ok).map(|call| call.took).collect();
        took.sort_unstable();
        let at = |percent: usize| took.get((took.len().saturating_sub(1)) * percent / 100).map(Duration::as_secs_f64);
        let (hits, misses) = state
            .reads
            .iter()
            .fold((0u64, 0u64), |(hits, misses), (_, h, m)| (hits + u64::from(*h), misses + u64::from(*m)));
        HealthReport {
            status: state.status(),
            last_success_at: state.last_success_at,
            last_error: state.last_error.clone(),
            latency: at(50).zip(at(99)).map(|(p50_seconds, p99_seconds)| Latency { p50_seconds, p99_seconds }),
            cache_hit_ratio: (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64),
            api_version: state.api_version.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while reporting leaves figures that are at worst one call short.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, call: Call) {
        if self.calls.len() >= CALLS_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    fn forget_before(&mut self, horizon: DateTime<Utc>) {
        while self.calls.front().is_some_and(|call| call.at < horizon) {
            self.calls.pop_front();
        }
        while self.reads.front().is_some_and(|(at, ..)| *at < horizon) {
            self.reads.pop_front();
        }
    }

    /// The newest ten calls decide: none good is down, all good is healthy. Without recent calls the last known word holds.
    fn status(&self) -> SourceStatus {
        let newest: Vec<bool> = self.calls.iter().rev().take(10).map(|call| call.is_ok).collect();
        match (newest.first(), newest.iter().filter(|ok| !**ok).count()) {
            (None, _) if self.last_success_at.is_none() => SourceStatus::Unknown,
            (None, _) | (Some(true), 0) => SourceStatus::Healthy,
            (Some(false), failed) if failed == newest.len() => SourceStatus::Down,
            _ => SourceStatus::Degraded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_calls_decide_how_a_source_is() {
        let health = Health::new(Clock::system());
        assert_eq!(health.report().status, SourceStatus::Unknown);
        health.failed("no".into());
        assert_eq!(health.report().status, SourceStatus::Down);
        health.succeeded(Duration::from_millis(20));
        assert_eq!(health.report().status, SourceStatus::Degraded);
        (0..10).for_each(|_| health.succeeded(Duration::from_millis(10)));
        let report = health.report();
        assert_eq!(report.status, SourceStatus::Healthy);
        assert!(report.latency.unwrap().p99_seconds >= report.latency.unwrap().p50_seconds);
        assert_eq!(report.cache_hit_ratio, None);
        health.read(3, 1);
        assert_eq!(health.report().cache_hit_ratio, Some(0.75));
    }
}
