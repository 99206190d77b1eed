//! `[live]`.

use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;

use super::Problem;

/// Subscriptions, and how much of the change log is kept, from which they go on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveConfig {
    /// Most subscriptions of this replica.
    pub subscriptions_max: usize,
    /// Most of one principal.
    pub subscriptions_per_principal_max: usize,
    /// Most of one WebSocket.
    pub subscriptions_per_socket_max: usize,
    /// Most events that wait for one subscriber; beyond it they are lost, and told as a gap.
    pub buffer: usize,
    /// Most bytes of them; one that is larger waits alone.
    pub buffer_bytes_max: ByteSize,
    /// Most changes that are read and executed at once.
    pub batch: usize,
    /// Most subscribers that begin, or read what they missed or a snapshot, at once; others wait.
    pub catching_up_max: usize,
    /// Most groups of subscribers for which events are executed at once; others wait.
    pub executing_max: usize,
    /// Longest time between two looks at the log.
    #[serde(with = "humantime_serde")]
    pub poll_interval: Duration,
    /// How often a job that somebody follows is looked at.
    #[serde(with = "humantime_serde")]
    pub job_interval: Duration,
    /// How often a stream over HTTP shows that it lives.
    #[serde(with = "humantime_serde")]
    pub keep_alive: Duration,
    /// How often a WebSocket is asked whether it lives.
    #[serde(with = "humantime_serde")]
    pub ping_interval: Duration,
    /// Longest wait for the first message of a WebSocket.
    #[serde(with = "humantime_serde")]
    pub init_timeout: Duration,
    /// Days of the change log that ended so long ago go.
    #[serde(with = "humantime_serde")]
    pub retention: Duration,
    /// While the change log is larger on disk, its oldest day goes.
    pub log_bytes_max: ByteSize,
    /// Most lines that are moved to a partition of their day at once.
    pub log_moved_max: u32,
    /// How often the partitions of the change log are looked after; the first time after the first such span.
    #[serde(with = "humantime_serde")]
    pub maintain_every: Duration,
    /// How often it is looked whether a source is otherwise than before; each is told at most so often.
    #[serde(with = "humantime_serde")]
    pub sources_every: Duration,
}

impl LiveConfig {
    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        for (key, value, max) in [
            ("live.subscriptions_max", self.subscriptions_max, 1_000_000),
            ("live.subscriptions_per_principal_max", self.subscriptions_per_principal_max, 1_000_000),
            ("live.subscriptions_per_socket_max", self.subscriptions_per_socket_max, 10_000),
            ("live.buffer", self.buffer, 65_536),
            ("live.batch", self.batch, 1_000),
            ("live.catching_up_max", self.catching_up_max, 1_000),
            ("live.executing_max", self.executing_max, 10_000),
        ] {
            if !(1..=max).contains(&value) {
                problems.push(Problem::new(key, format!("must be from 1 to {max}")));
            }
        }
        for (key, value, max) in [
            ("live.poll_interval", self.poll_interval, 10),
            ("live.job_interval", self.job_interval, 60),
            ("live.keep_alive", self.keep_alive, 60),
            ("live.ping_interval", self.ping_interval, 60),
            ("live.init_timeout", self.init_timeout, 60),
        ] {
            if !(Duration::from_millis(10)..=Duration::from_secs(max)).contains(&value) {
                problems.push(Problem::new(key, format!("must be from 10ms to {max}s")));
            }
        }
        let seconds = Duration::from_secs;
        for (key, value, bounds, words) in [
            // Each reader looks into every day that is kept.
            ("live.retention", self.retention, seconds(3_600)..=seconds(100 * 86_400), "from 1h to 100d"),
            ("live.maintain_every", self.maintain_every, seconds(1)..=seconds(43_200), "from 1s to 12h"),
            ("live.sources_every", self.sources_every, seconds(5)..=seconds(43_200), "from 5s to 12h"),
        ] {
            if !bounds.contains(&value) {
                problems.push(Problem::new(key, format!("must be {words}")));
            }
        }
        if self.buffer_bytes_max < ByteSize::kib(1) {
            problems.push(Problem::new("live.buffer_bytes_max", "must be at least 1 KiB"));
        }
        if self.log_bytes_max < ByteSize::mib(1) {
            problems.push(Problem::new("live.log_bytes_max", "must be at least 1 MiB"));
        }
        if !(1..=10_000_000).contains(&self.log_moved_max) {
            problems.push(Problem::new("live.log_moved_max", "must be from 1 to 10000000"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_is_held_to_the_last_value_that_is_allowed() {
        let day = Duration::from_secs(86_400);
        let (short, minute) = (Duration::from_millis(10), Duration::from_secs(60));
        let least = LiveConfig {
            subscriptions_max: 1,
            subscriptions_per_principal_max: 1,
            subscriptions_per_socket_max: 1,
            buffer: 1,
            batch: 1,
            catching_up_max: 1,
            executing_max: 1,
            buffer_bytes_max: ByteSize::kib(1),
            poll_interval: short,
            job_interval: short,
            keep_alive: short,
            ping_interval: short,
            init_timeout: short,
            retention: Duration::from_secs(3_600),
            log_bytes_max: ByteSize::mib(1),
            log_moved_max: 1,
            maintain_every: Duration::from_secs(1),
            sources_every: Duration::from_secs(5),
        };
        let most = LiveConfig {
            subscriptions_max: 1_000_000,
            subscriptions_per_principal_max: 1_000_000,
            subscriptions_per_socket_max: 10_000,
            buffer: 65_536,
            batch: 1_000,
            catching_up_max: 1_000,
            executing_max: 10_000,
            buffer_bytes_max: ByteSize::pib(1),
            poll_interval: Duration::from_secs(10),
            job_interval: minute,
            keep_alive: minute,
            ping_interval: minute,
            init_timeout: minute,
            retention: 100 * day,
            log_bytes_max: ByteSize::pib(1),
            log_moved_max: 10_000_000,
            maintain_every: day / 2,
            sources_every: day / 2,
        };
        let problems = |config: &LiveConfig| {
            let mut problems = Vec::new();
            config.validate(&mut problems);
            problems.into_iter().map(|problem| problem.key).collect::<Vec<_>>()
        };
        assert_eq!((problems(&least), problems(&most)), (Vec::new(), Vec::new()));
        let moment = Duration::from_nanos(1);
        let less = LiveConfig {
            subscriptions_max: 0,
            subscriptions_per_principal_max: 0,
            subscriptions_per_socket_max: 0,
            buffer: 0,
            batch: 0,
            catching_up_max: 0,
            executing_max: 0,
            buffer_bytes_max: ByteSize(1_023),
            poll_interval: least.poll_interval - moment,
            job_interval: least.job_interval - moment,
            keep_alive: least.keep_alive - moment,
            ping_interval: least.ping_interval - moment,
            init_timeout: least.init_timeout - moment,
            retention: least.retention - moment,
            log_bytes_max: ByteSize(least.log_bytes_max.as_u64() - 1),
            log_moved_max: 0,
            maintain_every: least.maintain_every - moment,
            sources_every: least.sources_every - moment,
        };
        let all = [
            "live.subscriptions_max",
            "live.subscriptions_per_principal_max",
            "live.subscriptions_per_socket_max",
            "live.buffer",
            "live.batch",
            "live.catching_up_max",
            "live.executing_max",
            "live.poll_interval",
            "live.job_interval",
            "live.keep_alive",
            "live.ping_interval",
            "live.init_timeout",
            "live.retention",
            "live.maintain_every",
            "live.sources_every",
            "live.buffer_bytes_max",
            "live.log_bytes_max",
            "live.log_moved_max",
        ];
        assert_eq!(problems(&less), all);
        let more = LiveConfig {
            subscriptions_max: most.subscriptions_max + 1,
            subscriptions_per_principal_max: most.subscriptions_per_principal_max + 1,
            subscriptions_per_socket_max: most.subscriptions_per_socket_max + 1,
            buffer: most.buffer + 1,
            batch: most.batch + 1,
            catching_up_max: most.catching_up_max + 1,
            executing_max: most.executing_max + 1,
            poll_interval: most.poll_interval + moment,
            job_interval: most.job_interval + moment,
            keep_alive: most.keep_alive + moment,
            ping_interval: most.ping_interval + moment,
            init_timeout: most.init_timeout + moment,
            retention: most.retention + moment,
            log_moved_max: most.log_moved_max + 1,
            maintain_every: most.maintain_every + moment,
            sources_every: most.sources_every + moment,
            ..most
        };
        let bounded: Vec<_> = all.iter().filter(|key| !key.ends_with("_bytes_max")).copied().collect();
        assert_eq!(problems(&more), bounded);
    }
}
