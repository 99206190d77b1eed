//! The two quotas, the only state beside the world: they count calls, and they follow the clock.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Limits;

/// What has been spent.
#[derive(Default)]
pub(super) struct Quotas {
    /// Reads by subscription in lower case; the tenant's own under the empty name.
    reads: HashMap<String, Bucket>,
    graph: Option<Window>,
}

/// What was left after a call, and how long to wait.
pub(super) struct Charge {
    pub(super) is_allowed: bool,
    pub(super) remaining: u32,
    pub(super) wait: TimeDelta,
}

/// In thousandths of a call, because the refill comes by the millisecond.
struct Bucket {
    millicalls: i64,
    at: DateTime<Utc>,
}

struct Window {
    start: DateTime<Utc>,
    used: u32,
}

impl Quotas {
    /// Charges one read of `subscription`.
    pub(super) fn read(&mut self, subscription: &str, limits: &Limits, now: DateTime<Utc>) -> Charge {
        let (full, rate) = (i64::from(limits.reads_burst) * 1000, i64::from(limits.reads_per_second));
        let bucket = self.reads.entry(subscription.to_lowercase()).or_insert(Bucket { millicalls: full, at: now });
        // A clock that was moved back refills nothing.
        let refill = (now - bucket.at).num_milliseconds().max(0).saturating_mul(rate);
        bucket.millicalls = bucket.millicalls.saturating_add(refill).min(full);
        bucket.at = now;
        let is_allowed = bucket.millicalls >= 1000;
        if is_allowed {
            bucket.millicalls -= 1000;
        }
        let missing = (1000 - bucket.millicalls).max(0);
        Charge {
            is_allowed,
            remaining: u32::try_from(bucket.millicalls / 1000).unwrap_or(0),
            wait: TimeDelta::milliseconds(missing / rate.max(1)),
        }
    }

    /// Charges one Resource Graph query; `wait` is the rest of the window.
    pub(super) fn graph(&mut self, limits: &Limits, now: DateTime<Utc>) -> Charge {
        let is_open = |window: &Window| window.start <= now && now < window.start + limits.graph_window;
        let mut window = self.graph.take().filter(is_open).unwrap_or(Window { start: now, used: 0 });
        let is_allowed = window.used < limits.graph_queries;
        if is_allowed {
            window.used += 1;
        }
        let (remaining, wait) = (limits.graph_queries - window.used, window.start + limits.graph_window - now);
        self.graph = Some(window);
        Charge { is_allowed, remaining, wait }
    }
}

impl Charge {
    /// The wait in whole seconds, rounded up: who comes back then is let in.
    pub(super) fn wait_seconds(&self) -> i64 {
        (self.wait.num_milliseconds() + 999) / 1000
    }

    /// The wait as `hh:mm:ss`.
    pub(super) fn wait_text(&self) -> String {
        let seconds = self.wait_seconds();
        format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}
