//! The section `[sources.gitlab]` of the configuration.

use std::{collections::BTreeMap, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use url::Url;

use crate::{SecretRef, cache::Lives, upstream::BreakerConfig};

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
    /// When it is left alone.
    pub breaker: BreakerConfig,
    /// How often health and version are probed.
    #[serde(with = "humantime_serde")]
    pub probe_interval: Duration,
}
