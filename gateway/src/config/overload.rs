//! `[overload]`.

use std::{collections::BTreeMap, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;

use super::Problem;
use crate::admission;

/// How many operations are executed at once, and who waits how long.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverloadConfig {
    /// As many are always executed.
    pub running_min: usize,
    /// More never.
    pub running_max: usize,
    /// While work is late, tenants that ask at the same time share at least so many places; 0: all that there are.
    pub shared_min: usize,
    /// How long work may wait for a processor or a connection before fewer are executed.
    #[serde(with = "humantime_serde")]
    pub delay_target: Duration,
    /// Most that wait, of each class.
    pub waiting_max: usize,
    /// Nobody waits who would wait longer.
    #[serde(with = "humantime_serde")]
    pub wait_max: Duration,
    /// The part of all places that batch operations may take.
    pub batch_share: f64,
    /// Names of clients and of tiers whose operations are batch.
    #[serde(default)]
    pub batch: Vec<String>,
    /// Shares of tenants that are not one.
    #[serde(default)]
    pub weights: BTreeMap<String, u32>,
    /// How much memory the process may take; 0: as much as its container.
    pub memory_max: ByteSize,
}

impl OverloadConfig {
    /// What admission needs of it.
    pub fn admission(&self, requests_max: usize) -> admission::Config {
        admission::Config {
            requests_max,
            running_min: self.running_min,
            running_max: self.running_max,
            shared_min: if self.shared_min == 0 { self.running_max } else { self.shared_min },
            delay_target: self.delay_target,
            waiting_max: self.waiting_max,
            wait_max: self.wait_max,
            batch_share: self.batch_share,
            batch: self.batch.clone(),
            weights: self.weights.clone(),
            memory_max: self.memory_max.as_u64(),
        }
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        for (key, is_wrong, message) in [
            ("overload.running_min", self.running_min == 0, "must be more than zero"),
            ("overload.running_max", self.running_max < self.running_min, "must be at least overload.running_min"),
            ("overload.delay_target", self.delay_target.is_zero(), "must be more than zero"),
            ("overload.wait_max", self.wait_max.is_zero(), "must be more than zero"),
            ("overload.batch_share", !(0.0..=1.0).contains(&self.batch_share), "must be 0 to 1"),
        ] {
            if is_wrong {
                problems.push(Problem::new(key, message));
            }
        }
        for (tenant, weight) in &self.weights {
            if !(1..=1_000).contains(weight) {
                problems.push(Problem::new(format!("overload.weights.{tenant}"), "must be 1 to 1000"));
            }
        }
    }
}
