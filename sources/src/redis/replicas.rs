//! How many processes serve together. Each says so every second in a sorted set; whoever was not seen for a while does not count.

use std::sync::{LazyLock, atomic::Ordering};

use redis::Script;

use super::Redis;
use crate::cache::Patience;

/// KEYS: the set; ARGV: this process, and after how many milliseconds one that is not seen does not count. Answers how many do.
static SEEN: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local time = redis.call('time')
         local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
         redis.call('zadd', KEYS[1], now, ARGV[1])
         redis.call('zremrangebyscore', KEYS[1], '-inf', now - tonumber(ARGV[2]))
         redis.call('pexpire', KEYS[1], ARGV[2])
         return redis.call('zcard', KEYS[1])",
    )
});

/// After so long one that is not seen does not count, in milliseconds: three seconds are three signs that did not come.
const GONE_AFTER_MS: u32 = 3_500;

impl Redis {
    /// How many processes served when Redis was last asked, this one included; none when it never answered.
    pub fn replicas(&self) -> Option<u32> {
        Some(self.0.replicas.load(Ordering::Relaxed)).filter(|count| *count > 0)
    }

    /// Says that this process serves, and counts.
    pub(super) async fn count_replicas(&self) {
        let mut invocation = SEEN.prepare_invoke();
        invocation.key(self.0.keys.replicas()).arg(&self.0.id).arg(GONE_AFTER_MS);
        let patience = Patience::new();
        let count = self.run("replicas", &patience, async |mut link| link.invoke::<u32>(&invocation).await).await;
        if let Some(count) = count {
            self.0.replicas.store(count.max(1), Ordering::Relaxed);
            metrics::gauge!("weft_replicas").set(f64::from(count));
        }
    }

    /// This process serves no longer.
    pub(super) async fn leave_replicas(&self) {
        let mut command = redis::cmd("ZREM");
        command.arg(self.0.keys.replicas()).arg(&self.0.id);
        // Away: the others find out after a while.
        let _ = self.run("replicas", &Patience::new(), async |mut link| link.query::<()>(&command).await).await;
    }
}
