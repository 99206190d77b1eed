//! A limit on calls that a test or a load test puts before an upstream: fixed windows, as most limiters have them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

/// The calls an upstream still takes. Clones share the same window.
#[derive(Clone, Default)]
pub struct Quota(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    limit: Option<(u32, Duration)>,
    window_began: Option<DateTime<Utc>>,
    taken: u32,
}

/// What is told to a caller who is refused.
pub(crate) struct Refused {
    pub(crate) limit: (u32, Duration),
    pub(crate) wait: Duration,
}

impl Quota {
    /// At most so many calls in each window from now on; `None`: as many as come.
    pub fn set(&self, limit: Option<(u32, Duration)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State { limit, ..State::default() };
    }

    pub(crate) fn take(&self, now: DateTime<Utc>) -> Result<(), Refused> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(limit) = state.limit else { return Ok(()) };
        let window = TimeDelta::from_std(limit.1).unwrap_or(TimeDelta::MAX);
        let began = state.window_began.filter(|began| now < *began + window);
        if began.is_none() {
            (state.window_began, state.taken) = (Some(now), 0);
        }
        if state.taken < limit.0 {
            state.taken += 1;
            return Ok(());
        }
        let end = began.unwrap_or(now) + window;
        // Whole seconds, rounded up: whoever obeys comes into the next window.
        let wait = (end - now).to_std().unwrap_or_default() + Duration::from_millis(999);
        Err(Refused { limit, wait: Duration::from_secs(wait.as_secs()) })
    }
}
