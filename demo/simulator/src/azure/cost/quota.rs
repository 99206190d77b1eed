//! Query units: each month of data that is asked for costs one, in windows that all have to allow it.

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};

/// So many units in any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QpuLimit {
    /// The units.
    pub units: u32,
    /// The window.
    pub window: TimeDelta,
}

/// What was spent, and what may be.
pub(super) struct Units {
    limits: Vec<QpuLimit>,
    spent: Vec<(DateTime<Utc>, u32)>,
}

impl Default for Units {
    fn default() -> Self {
        let limit = |units, seconds| QpuLimit { units, window: TimeDelta::seconds(seconds) };
        Self::of(vec![limit(12, 10), limit(60, 60), limit(600, 3_600)])
    }
}

impl Units {
    pub(super) fn of(limits: Vec<QpuLimit>) -> Self {
        Self { limits, spent: Vec::new() }
    }

    /// Spends units; else the seconds until they may be spent.
    pub(super) fn take(&mut self, units: u32, now: DateTime<Utc>) -> Result<(), i64> {
        let longest = self.limits.iter().map(|limit| limit.window).max().unwrap_or_default();
        self.spent.retain(|(at, _)| *at + longest > now);
        for limit in &self.limits {
            let within = || self.spent.iter().filter(|(at, _)| *at + limit.window > now);
            if within().map(|(_, units)| units).sum::<u32>() + units > limit.units {
                let first = within().map(|(at, _)| *at).min().unwrap_or(now);
                return Err((first + limit.window - now).num_seconds() + 1);
            }
        }
        self.spent.push((now, units));
        Ok(())
    }

    /// Says what an answer has cost, and what is left in each window.
    pub(super) fn mark(&self, mut response: Response, units: u32) -> Response {
        let left = |limit: &QpuLimit| {
            let last = self.spent.last().map_or(DateTime::UNIX_EPOCH, |(at, _)| *at);
            let spent = self.spent.iter().filter(|(at, _)| *at + limit.window > last).map(|(_, units)| units);
            format!("{}:{}", limit.window.num_seconds(), limit.units.saturating_sub(spent.sum()))
        };
        let left: Vec<String> = self.limits.iter().map(left).collect();
        put(&mut response, "x-ms-ratelimit-microsoft.costmanagement-qpu-consumed", &units.to_string());
        put(&mut response, "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining", &left.join(","));
        response
    }
}

/// The waits of a refusal; `Retry-After` itself is absent, as it often is.
pub(super) fn mark_refusal(response: &mut Response, seconds: i64) {
    put(response, "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after", &seconds.to_string());
    put(response, "x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after", "1");
}

fn put(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
