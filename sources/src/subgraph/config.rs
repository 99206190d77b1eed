//! The section `[federation.calls]` of the configuration.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;

use crate::upstream::{BreakerConfig, Limits, Problems, QuotaConfig, limits_of};

/// What calls of one subgraph are held to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Longest wait for an answer.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Most calls of one subgraph at once; beyond it a call waits, up to `timeout`.
    pub requests_in_flight_max: usize,
    /// Largest answer.
    pub body_max: ByteSize,
    /// Certificates of authorities to trust besides the usual ones, in PEM.
    pub ca_file: Option<PathBuf>,
    /// How much may be asked of each, all replicas together.
    pub quota: Option<QuotaConfig>,
    /// When one is left alone.
    pub breaker: BreakerConfig,
    /// How often health is probed.
    #[serde(with = "humantime_serde")]
    pub probe_interval: Duration,
}

impl Config {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of("federation.calls");
        problems.limits(&self.limits());
        problems.above_zero("probe_interval", !self.probe_interval.is_zero());
        problems.found()
    }

    /// What calls are held to.
    pub(super) fn limits(&self) -> Limits {
        limits_of!(self)
    }
}
