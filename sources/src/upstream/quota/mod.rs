//! `Quota`: how many calls an upstream still allows, over all replicas. A bucket that is filled at the pace the limit allows,
//! seeded from the configuration, corrected by what the upstream's own headers say, and kept in Redis where there is one.
//!
//! `bucket` is the arithmetic, `reading` what headers say, `crate::redis::quota` the bucket that replicas share.

mod bucket;
mod reading;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

pub(crate) use bucket::{Bucket, Limit, Shared as SharedQuota};
pub use reading::Reading;

use crate::{Clock, redis::Redis};

/// How many calls an upstream allows in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaConfig {
    /// So many.
    pub calls: u32,
    /// In any span of this length.
    #[serde(with = "humantime_serde")]
    pub window: Duration,
}

/// What is known of a quota, to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaReport {
    /// How many calls each window allows.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// The window.
    pub window: Duration,
    /// When calls are allowed again; none while they are.
    pub blocked_until: Option<DateTime<Utc>>,
}

/// One quota of one upstream and credential.
pub(crate) struct Quota {
    name: String,
    redis: Option<Redis>,
    clock: Clock,
    configured: Option<Limit>,
    /// This process's own view: what counts when there is no Redis, and what is shown.
    local: Mutex<Bucket>,
}

impl Quota {
    /// `name` names upstream, credential and what is counted; replicas with the same name share.
    pub(crate) fn new(name: String, configured: Option<QuotaConfig>, redis: Option<Redis>, clock: Clock) -> Self {
        let configured = configured.map(|config| Limit { calls: config.calls.max(1), window: config.window });
        Self { name, redis, local: Mutex::new(Bucket::new(configured, clock.now())), clock, configured }
    }

    /// Takes one call; else says how long to wait for one.
    pub(crate) async fn take(&self) -> Result<(), Duration> {
        if let Some(redis) = &self.redis
            && let Some(shared) = redis.quota_take(&self.name, self.configured).await
        {
            let now = self.clock.now();
            let mut local = self.lock();
            local.follow(&shared, now);
            return shared.outcome;
        }
        let now = self.clock.now();
        self.lock().take(now)
    }

    /// Takes over what the upstream said.
    pub(crate) async fn correct(&self, reading: Reading) {
        if reading.is_empty() {
            return;
        }
        let now = self.clock.now();
        self.lock().correct(&reading, self.configured, now);
        if let Some(redis) = &self.redis {
            redis.quota_correct(&self.name, &reading, self.configured).await;
        }
    }

    /// What is known; none while nothing limits.
    pub(crate) fn report(&self) -> Option<QuotaReport> {
        let now = self.clock.now();
        let mut local = self.lock();
        let limit = local.limit()?;
        Some(QuotaReport {
            limit: limit.calls,
            remaining: local.remaining(now),
            window: limit.window,
            blocked_until: local.blocked_for(now).and_then(|wait| Some(now + TimeDelta::from_std(wait).ok()?)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Bucket> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
