//! `Breaker`: leaves an upstream alone that keeps failing, and tries it again with one call at a time.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::Clock;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakerConfig {
    /// So many failures in a row open it.
    pub failures_max: u32,
    /// How long it stays open before a call is tried.
    #[serde(with = "humantime_serde")]
    pub open_for: Duration,
}

/// Counts failures in a row.
pub struct Breaker {
    config: BreakerConfig,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    closed_until_probe: Option<DateTime<Utc>>,
    /// Nobody calls before this moment: the upstream said so.
    paused_until: Option<DateTime<Utc>>,
}

/// Why a call is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It failed too often lately.
    Open,
    /// It asked us to wait for this long.
    Paused(Duration),
}

impl Breaker {
    /// A closed breaker.
    pub fn new(config: BreakerConfig, clock: Clock) -> Self {
        Self { config, clock, state: Mutex::default() }
    }

    /// Whether a call may be made now. While open, one call each `open_for` is let through to see whether it works again.
    pub fn allow(&self) -> Result<(), Refused> {
        let now = self.clock.now();
        let mut state = self.lock();
        if let Some(until) = state.paused_until.filter(|until| now < *until) {
            return Err(Refused::Paused((until - now).to_std().unwrap_or_default()));
        }
        match state.closed_until_probe {
            Some(until) if now < until => Err(Refused::Open),
            Some(_) => {
                state.closed_until_probe = Some(now + self.open_for());
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether it keeps calls back for having failed too often.
    pub fn is_open(&self) -> bool {
        let now = self.clock.now();
        self.lock().closed_until_probe.is_some_and(|until| now < until)
    }

    /// A call was answered.
    pub fn succeeded(&self) {
        let mut state = self.lock();
        state.failures = 0;
        state.closed_until_probe = None;
    }

    /// A call failed in a way that speaks against the upstream.
    pub fn failed(&self) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.config.failures_max {
            state.closed_until_probe = Some(now + self.open_for());
        }
    }

    /// The upstream asked us to wait.
    pub fn pause(&self, wait: Duration) {
        let until = self.clock.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::hours(1));
        let mut state = self.lock();
        state.paused_until = state.paused_until.max(Some(until));
    }

    fn open_for(&self) -> TimeDelta {
        TimeDelta::from_std(self.config.open_for).unwrap_or(TimeDelta::hours(1))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_call_try_again() {
        let seconds = Arc::new(AtomicI64::new(0));
        let told = Arc::clone(&seconds);
        let clock = Clock::of(move || DateTime::UNIX_EPOCH + TimeDelta::seconds(told.load(Ordering::SeqCst)));
        let breaker = Breaker::new(BreakerConfig { failures_max: 3, open_for: Duration::from_secs(10) }, clock);
        breaker.failed();
        breaker.failed();
        breaker.succeeded();
        breaker.failed();
        breaker.failed();
        assert_eq!(breaker.allow(), Ok(()), "two failures after a success are not three in a row");
        breaker.failed();
        assert_eq!(breaker.allow(), Err(Refused::Open));
        seconds.store(10, Ordering::SeqCst);
        assert_eq!(breaker.allow(), Ok(()), "one call tries");
        assert_eq!(breaker.allow(), Err(Refused::Open), "and only one");
        breaker.succeeded();
        assert_eq!(breaker.allow(), Ok(()));
        breaker.pause(Duration::from_secs(5));
        assert_eq!(breaker.allow(), Err(Refused::Paused(Duration::from_secs(5))));
        seconds.store(15, Ordering::SeqCst);
        assert_eq!(breaker.allow(), Ok(()));
    }
}
