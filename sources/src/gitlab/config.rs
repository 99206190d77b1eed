//! The section `[sources.gitlab]` of the configuration.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use url::Url;

use crate::{
    SecretRef,
    cache::Lives,
    upstream::{BreakerConfig, QuotaConfig, address_problem},
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
    /// For each tenant the groups it may read, so that nobody can name another tenant's project in an annotation. When
    /// any tenant is listed, one that is not listed reads nothing.
    pub tenants: BTreeMap<String, Vec<String>>,
    /// Longest wait for an answer.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Most calls at once; beyond it a call waits, up to `timeout`.
    pub requests_in_flight_max: usize,
    /// Largest answer.
    pub body_max: ByteSize,
    /// How long answers are kept.
    pub cache: Lives,
    /// Most projects in the cache of this process.
    pub cache_entries_max: u64,
    /// Certificates of authorities to trust besides the usual ones, in PEM.
    pub ca_file: Option<PathBuf>,
    /// How much may be asked of it, all replicas together; without it, what GitLab itself says.
    pub quota: Option<QuotaConfig>,
    /// When it is left alone.
    pub breaker: BreakerConfig,
    /// How often health and version are probed.
    #[serde(with = "humantime_serde")]
    pub probe_interval: Duration,
}

impl Config {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut tell = |key: &str, message: &str| problems.push((format!("sources.gitlab.{key}"), message.to_owned()));
        if self.base_url.is_some() && self.enabled && self.token.is_none() {
            tell("token", "GitLab has an address and no token: set { env = \"…\" } or { file = \"…\" }");
        }
        if let Some(problem) = self.base_url.as_ref().and_then(address_problem) {
            tell("base_url", problem);
        }
        for (key, is_zero) in [
            ("requests_in_flight_max", self.requests_in_flight_max == 0),
            ("timeout", self.timeout.is_zero()),
            ("quota.calls", self.quota.is_some_and(|quota| quota.calls == 0)),
            ("quota.window", self.quota.is_some_and(|quota| quota.window.is_zero())),
        ] {
            if is_zero {
                tell(key, "must be more than zero");
            }
        }
        problems
    }

    /// Where its token is, when it is switched on.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        let token = self.token.clone().filter(|_| self.enabled);
        token.map(|token| ("sources.gitlab.token".to_owned(), token)).into_iter().collect()
    }
}
