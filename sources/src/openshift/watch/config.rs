//! The section `[watch]` of the configuration: how clusters are watched, each by one replica at a time.

use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;

use crate::upstream::Problems;

/// How clusters are watched.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// Switched off: this replica watches none; others may.
    pub enabled: bool,
    /// How long a replica that dies holds a cluster.
    #[serde(with = "humantime_serde")]
    pub lease: Duration,
    /// Longest life of one connection; it ends a little earlier and goes on where it ended.
    #[serde(with = "humantime_serde")]
    pub connection_life: Duration,
    /// Most watches of one cluster: its kinds, times `namespaces` where those are named.
    pub watches_max: usize,
    /// Largest event; a larger one has the kind listed anew.
    pub event_max: ByteSize,
    /// Most objects of one watch whose versions are remembered; beyond it a list that is read anew counts as changed throughout.
    pub objects_max: usize,
    /// How often what changed is read at most: all changes between are one reading.
    #[serde(with = "humantime_serde")]
    pub reread_every: Duration,
    /// Most Deployments that wait to be read; beyond it the cluster is read as a whole.
    pub waiting_max: usize,
    /// How often the lists of a kind are forgotten at most, for each 500 objects in them.
    #[serde(with = "humantime_serde")]
    pub forget_every: Duration,
    /// Longest pause before a watch that failed, or a reading, is tried again.
    #[serde(with = "humantime_serde")]
    pub retry_max: Duration,
    /// When a kind that is not there or not to be watched is asked for again.
    #[serde(with = "humantime_serde")]
    pub refused_retry: Duration,
}

impl WatchConfig {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of("watch".to_owned());
        let seconds = Duration::from_secs;
        for (key, value, bounds, words) in [
            ("lease", self.lease, seconds(2)..=seconds(300), "must be from 2s to 5m"),
            ("connection_life", self.connection_life, seconds(1)..=seconds(3_600), "must be from 1s to 1h"),
            ("reread_every", self.reread_every, Duration::from_millis(50)..=seconds(3_600), "must be from 50ms to 1h"),
            ("forget_every", self.forget_every, Duration::from_millis(50)..=seconds(3_600), "must be from 50ms to 1h"),
            ("retry_max", self.retry_max, Duration::from_millis(100)..=seconds(3_600), "must be from 100ms to 1h"),
            ("refused_retry", self.refused_retry, seconds(1)..=seconds(86_400), "must be from 1s to 1d"),
        ] {
            if !bounds.contains(&value) {
                problems.tell(key, words);
            }
        }
        problems.above_zero("watches_max", self.watches_max > 0);
        problems.above_zero("waiting_max", self.waiting_max > 0);
        problems.above_zero("event_max", self.event_max.as_u64() > 0);
        problems.found()
    }

    pub(super) fn event_bytes_max(&self) -> usize {
        usize::try_from(self.event_max.as_u64()).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_told_with_its_key() {
        let config = |lease: &str, watches_max: usize, event_max: &str| -> WatchConfig {
            serde_json::from_value(serde_json::json!({
                "enabled": true, "lease": lease, "connection_life": "5m", "watches_max": watches_max, "event_max": event_max,
                "objects_max": 0, "reread_every": "500ms", "waiting_max": 1, "forget_every": "1s", "retry_max": "30s",
                "refused_retry": "5m",
            }))
            .unwrap()
        };
        assert_eq!(config("2s", 1, "1 B").problems(), []);
        let told: Vec<String> = config("1s", 0, "0 B").problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(told, ["watch.lease", "watch.watches_max", "watch.event_max"]);
    }
}
