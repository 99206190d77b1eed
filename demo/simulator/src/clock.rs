//! The time as everything here sees it: a parameter, so that pipelines and tokens are the same in every run of a test.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use chrono::{DateTime, TimeDelta, Utc};

/// Where the present instant comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that asks `now` each time it is read.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The machine's own clock.
    pub fn system() -> Self {
        Self::new(|| SystemTime::now().into())
    }

    /// The present instant.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock standing at `at`.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }

    /// Moves the clock; a negative `by` moves it back.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// The view of this clock to hand to [`Config`](crate::Config); it follows later moves.
    pub fn clock(&self) -> Clock {
        let at = self.0.clone();
        Clock::new(move || *at.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
