//! Both rate limits: calls per second, and lists of runs per minute, which count against both.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};

/// What the token may ask for. The default is what HashiCorp documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls in one second.
    pub requests_per_second: u32,
    /// Lists of runs, of a workspace or an organization, in one minute.
    pub run_lists_per_minute: u32,
}

impl Limits {
    /// So high that nothing meets them.
    pub const NONE: Self = Self { requests_per_second: u32::MAX, run_lists_per_minute: u32::MAX };
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests_per_second: 30, run_lists_per_minute: 30 }
    }
}

/// What the one token has used.
#[derive(Default)]
pub(super) struct Meter(Mutex<Windows>);

#[derive(Default)]
struct Windows {
    calls: Window,
    run_lists: Window,
}

/// Begins with the first call and lasts its span, rather than at the full second: so a test that does not move its clock
/// knows how many calls it has left.
#[derive(Clone, Copy, Default)]
struct Window {
    began: Option<DateTime<Utc>>,
    used: u32,
}

/// The state of the narrower limit after a call.
pub(super) struct Charge {
    pub(super) is_refused: bool,
    limit: u32,
    remaining: u32,
    reset: TimeDelta,
}

impl Meter {
    /// Counts a call; a refused one counts against neither limit.
    pub(super) fn charge(&self, limits: Limits, now: DateTime<Utc>, is_run_list: bool) -> Charge {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let second = TimeDelta::seconds(1);
        windows.calls.renew(now, second);
        windows.run_lists.renew(now, TimeDelta::minutes(1));
        let has_call = windows.calls.used < limits.requests_per_second;
        let has_list = !is_run_list || windows.run_lists.used < limits.run_lists_per_minute;
        if has_call && has_list {
            windows.calls.used += 1;
            windows.run_lists.used += u32::from(is_run_list);
        }
        let (window, limit, span) = if is_run_list && has_call {
            (windows.run_lists, limits.run_lists_per_minute, TimeDelta::minutes(1))
        } else {
            (windows.calls, limits.requests_per_second, second)
        };
        Charge {
            is_refused: !(has_call && has_list),
            limit,
            remaining: limit.saturating_sub(window.used),
            reset: window.began.map_or(span, |began| began + span - now),
        }
    }
}

impl Window {
    fn renew(&mut self, now: DateTime<Utc>, span: TimeDelta) {
        let is_open = self.began.is_some_and(|began| began <= now && now < began + span);
        if !is_open {
            *self = Self { began: Some(now), used: 0 };
        }
    }
}

impl Charge {
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        // A fraction of a second, as the official Go client expects to be told.
        let reset = format!("{}.{:03}", self.reset.num_seconds(), self.reset.subsec_millis().max(0));
        for (name, value) in [
            ("x-ratelimit-limit", self.limit.to_string()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-reset", reset),
        ] {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        }
    }
}
