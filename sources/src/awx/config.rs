//! The section `[sources.awx]` of the configuration.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use url::Url;

use crate::{
    SecretRef, Tenants,
    cache::Lives,
    upstream::{BreakerConfig, Limits, Problems, QuotaConfig, limits_of},
};

/// Oftener than its first, AWX would be asked without an end; seldomer than its last is never.
const NEW_RUNS_EVERY: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(86_400);

/// How AWX is reached, and how gently.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Switched off: nothing is called and what it feeds is null.
    pub enabled: bool,
    /// Where it is, such as `https://awx.example.com`.
    pub base_url: Option<Url>,
    /// Where its API lies below that: `/api/v2/`, or `/api/controller/v2/` behind the gateway of Automation Platform.
    pub api_prefix: String,
    /// A token with the scope `read`.
    pub token: Option<SecretRef>,
    /// The annotation that names an entity's templates: an id, or several with commas.
    pub annotation: String,
    /// The organizations that each tenant may read, by name.
    pub tenants: Tenants,
    /// Longest wait for an answer.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Most calls at once; beyond it a call waits, up to `timeout`.
    pub requests_in_flight_max: usize,
    /// Largest answer.
    pub body_max: ByteSize,
    /// How long answers are kept.
    pub cache: Lives,
    /// How long the hosts of runs are kept that are over for good.
    pub settled_cache: Lives,
    /// Most templates, most windows of runs, most runs and so on in the cache of this process.
    pub cache_entries_max: u64,
    /// Certificates of authorities to trust besides the usual ones, in PEM.
    pub ca_file: Option<PathBuf>,
    /// How much may be asked of it, all replicas together; without it, what AWX itself says.
    pub quota: Option<QuotaConfig>,
    /// When it is left alone.
    pub breaker: BreakerConfig,
    /// How often it is asked for runs that were created since, one call each time, by one replica; zero: never.
    #[serde(with = "humantime_serde")]
    pub new_runs_every: Duration,
    /// How often health and version are probed.
    #[serde(with = "humantime_serde")]
    pub probe_interval: Duration,
}

impl Config {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of("sources.awx");
        problems.address(self.enabled, self.base_url.as_ref(), self.token.as_ref());
        if !is_prefix(&self.api_prefix) {
            problems.tell("api_prefix", "write a path that begins and ends in `/`, such as `/api/v2/`");
        }
        if !self.new_runs_every.is_zero() && !NEW_RUNS_EVERY.contains(&self.new_runs_every) {
            problems.tell("new_runs_every", "must be from 100ms to 1d, or 0s for never");
        }
        problems.limits(&self.limits());
        problems.found()
    }

    /// What calls are held to.
    pub(super) fn limits(&self) -> Limits {
        limits_of!(self)
    }

    /// Where its token is, when it is switched on.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        let token = self.token.clone().filter(|_| self.enabled);
        token.map(|token| ("sources.awx.token".to_owned(), token)).into_iter().collect()
    }
}

fn is_prefix(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && segment != ".."
            && segment != "."
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    inner.is_some_and(|inner| inner.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_a_plain_path_between_slashes() {
        for prefix in ["/api/v2/", "/api/controller/v2/", "/awx/api/v2/"] {
            assert!(is_prefix(prefix), "{prefix} was refused");
        }
        for prefix in ["", "/", "//", "api/v2/", "/api/v2", "/api/../v2/", "/api//v2/", "/api/v2/?a=b/", "/a b/"] {
            assert!(!is_prefix(prefix), "{prefix:?} was accepted");
        }
    }
}
