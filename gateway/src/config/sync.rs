//! `[sync]`.

use std::time::Duration;

use serde::Deserialize;

use super::Problem;

/// How deployments are read from the sources.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncConfig {
    /// Switched off: this replica reads none; others may.
    pub enabled: bool,
    /// How often each part of a source is read, such as a project.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// How far back the first reading of a part goes; `weft sync --since` goes further.
    #[serde(with = "humantime_serde")]
    pub history: Duration,
    /// How long a replica that dies holds a source.
    #[serde(with = "humantime_serde")]
    pub lease: Duration,
}

impl SyncConfig {
    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        let seconds = Duration::from_secs;
        for (key, value, bounds, words) in [
            ("sync.interval", self.interval, seconds(1)..=seconds(86_400), "from 1s to 1d"),
            ("sync.history", self.history, seconds(0)..=seconds(10 * 366 * 86_400), "at most ten years"),
            ("sync.lease", self.lease, seconds(2)..=seconds(300), "from 2s to 5m"),
        ] {
            if !bounds.contains(&value) {
                problems.push(Problem::new(key, format!("must be {words}")));
            }
        }
    }
}
