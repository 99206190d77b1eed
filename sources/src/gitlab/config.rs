//! The section `[sources.gitlab]` of the configuration.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use url::Url;

use crate::{
    SecretRef, Tenants,
    cache::Lives,
    discovery::DiscoveryConfig,
    upstream::{BreakerConfig, Limits, Problems, QuotaConfig, limits_of},
};

/// How GitLab is reached, and how gently.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Switched off: nothing is called and `repository` is null.
    pub enabled: bool,
    /// Where it is, such as `https://gitlab.example.com`.
    pub base_url: Option<Url>,
    /// A token with the scope `read_api`.
    pub token: Option<SecretRef>,
    /// The annotation that names an entity's project.
    pub annotation: String,
    /// Only projects below these groups; all that the token can read when empty.
    pub groups: Vec<String>,
    /// The groups that each tenant may read.
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
    /// How long is kept what does not change: commits, and those between two of them.
    pub settled_cache: Lives,
    /// Most projects in the cache of this process.
    pub cache_entries_max: u64,
    /// Certificates of authorities to trust besides the usual ones, in PEM.
    pub ca_file: Option<PathBuf>,
    /// How much may be asked of it, all replicas together; without it, what GitLab itself says.
    pub quota: Option<QuotaConfig>,
    /// When it is left alone.
    pub breaker: BreakerConfig,
    /// Where catalog files are looked for.
    pub discovery: DiscoveryConfig,
    /// How often health and version are probed.
    #[serde(with = "humantime_serde")]
    pub probe_interval: Duration,
}

impl Config {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of("sources.gitlab");
        problems.address(self.enabled, self.base_url.as_ref(), self.token.as_ref());
        problems.limits(&self.limits());
        self.discovery.check(&mut problems);
        problems.found()
    }

    /// What calls are held to.
    pub(super) fn limits(&self) -> Limits {
        limits_of!(self)
    }

    /// Where its token is, when it is switched on.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        let token = self.token.clone().filter(|_| self.enabled);
        token.map(|token| ("sources.gitlab.token".to_owned(), token)).into_iter().collect()
    }
}
