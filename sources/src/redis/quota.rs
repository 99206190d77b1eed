//! The quotas of upstreams, where replicas share them. One round trip before a call, one more when its headers say something.

use std::time::Duration;

use redis::{Cmd, cmd};

use super::Redis;
use crate::{
    cache::Patience,
    upstream::{Limit, Reading, SharedQuota},
};

const QUOTA: &str = include_str!("quota.lua");

impl Redis {
    /// Takes a call from the bucket of this name; none when Redis is away: then this process counts alone.
    pub(crate) async fn quota_take(&self, name: &str, configured: Option<Limit>) -> Option<SharedQuota> {
        let command = self.quota_command(name, "take", configured);
        let told = self.run("quota", &Patience::new(), async |mut link| link.query::<Vec<i64>>(&command).await).await?;
        let [allowed, wait, limit, window, tokens, blocked] = told.try_into().ok()?;
        let millis = |value: i64| Duration::from_millis(u64::try_from(value).unwrap_or(0));
        let calls = u32::try_from(limit).unwrap_or(u32::MAX);
        Some(SharedQuota {
            outcome: if allowed == 1 { Ok(()) } else { Err(millis(wait.max(1))) },
            limit: (calls > 0).then(|| Limit { calls, window: millis(window) }),
            tokens: tokens as f64 / 1_000.0,
            blocked_for: (blocked > 0).then(|| millis(blocked)),
        })
    }

    /// Tells every replica what the upstream said.
    pub(crate) async fn quota_correct(&self, name: &str, reading: &Reading, configured: Option<Limit>) {
        let mut command = self.quota_command(name, "correct", configured);
        let (limit, window) = parts(reading.limit());
        let remaining = reading.remaining.map_or(-1, i64::from);
        command.arg(limit).arg(window).arg(remaining).arg(millis(reading.blocked_for().unwrap_or_default()));
        // Away: the others find out by themselves.
        let _ = self.run("quota", &Patience::new(), async |mut link| link.query::<Vec<i64>>(&command).await).await;
    }

    fn quota_command(&self, name: &str, operation: &str, configured: Option<Limit>) -> Cmd {
        let (limit, window) = parts(configured);
        let mut command = cmd("EVAL");
        command.arg(QUOTA).arg(1).arg(self.0.keys.quota(name)).arg(operation).arg(limit).arg(window);
        command
    }
}

fn parts(limit: Option<Limit>) -> (u32, u64) {
    limit.map_or((0, 0), |limit| (limit.calls, millis(limit.window)))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
