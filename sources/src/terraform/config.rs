//! The section `[sources.terraform]` of the configuration.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use url::Url;

use crate::{
    SecretRef, Tenants,
    cache::Lives,
    upstream::{BreakerConfig, Limits, Problems, QuotaConfig, limits_of},
};

/// How Terraform is reached, and how gently.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Switched off: nothing is called and `workspaces` is null.
    pub enabled: bool,
    /// Where it is, such as `https://app.terraform.io`.
    pub base_url: Option<Url>,
    /// A team's token that may read workspaces, runs and outputs.
    pub token: Option<SecretRef>,
    /// The annotation that names an entity's workspaces, `organization/name`, one or several with commas.
    pub annotation: String,
    /// Only these organizations; all that annotations name when empty.
    pub organizations: Vec<String>,
    /// The organizations that each tenant may read.
    pub tenants: Tenants,
    /// Most workspaces of an organization; a larger one is not read at all.
    pub workspaces_max: usize,
    /// Longest wait for an answer.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Longest wait for all pages of an organization.
    #[serde(with = "humantime_serde")]
    pub organization_timeout: Duration,
    /// Most calls at once; beyond it a call waits, up to `timeout`.
    pub requests_in_flight_max: usize,
    /// Largest answer.
    pub body_max: ByteSize,
    /// How long answers are kept that may change.
    pub cache: Lives,
    /// How long answers are kept that cannot change any more: of runs that ended, and of assessments.
    pub final_cache: Lives,
    /// Most organizations, runs, pages of runs and assessments in the caches of this process, each.
    pub cache_entries_max: u64,
    /// Certificates of authorities to trust besides the usual ones, in PEM.
    pub ca_file: Option<PathBuf>,
    /// How much may be asked of it, all replicas together; without it, what Terraform itself says.
    pub quota: Option<QuotaConfig>,
    /// How many lists of runs may be asked for, which Terraform counts apart.
    pub runs_quota: Option<QuotaConfig>,
    /// When it is left alone.
    pub breaker: BreakerConfig,
    /// How often health and version are probed.
    #[serde(with = "humantime_serde")]
    pub probe_interval: Duration,
}

impl Config {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of("sources.terraform");
        problems.address(self.enabled, self.base_url.as_ref(), self.token.as_ref());
        problems.above_zero("workspaces_max", self.workspaces_max > 0);
        problems.limits(&self.limits());
        problems.above_zero("organization_timeout", !self.organization_timeout.is_zero());
        problems.quota("runs_quota", self.runs_quota);
        problems.found()
    }

    /// What calls are held to.
    pub(super) fn limits(&self) -> Limits {
        limits_of!(self)
    }

    /// Where its token is, when it is switched on.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        let token = self.token.clone().filter(|_| self.enabled);
        token.map(|token| ("sources.terraform.token".to_owned(), token)).into_iter().collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A configuration with these keys, and defaults.
    pub(in super::super) fn config(changes: Value) -> Config {
        let lives = json!({ "fresh": "30s", "stale": "15m", "negative": "60s" });
        let mut all = json!({
            "enabled": true, "annotation": "terraform.io/workspace", "organizations": [], "tenants": {},
            "workspaces_max": 1000, "timeout": "5s", "organization_timeout": "15s", "requests_in_flight_max": 16,
            "body_max": "16 MiB", "cache": lives, "final_cache": lives, "cache_entries_max": 1000,
            "breaker": { "failures_max": 5, "open_for": "10s" }, "probe_interval": "60s",
        });
        for (key, value) in changes.as_object().unwrap() {
            all[key] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn what_cannot_be_is_told_with_its_key() {
        let keys = |changes| config(changes).problems().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert!(keys(json!({})).is_empty());
        let url = "https://terraform.example.com";
        assert_eq!(keys(json!({ "base_url": url })), ["sources.terraform.token"]);
        assert!(keys(json!({ "base_url": url, "token": { "env": "X" } })).is_empty());
        assert_eq!(
            keys(json!({ "timeout": "0s", "workspaces_max": 0, "runs_quota": { "calls": 0, "window": "1s" } })),
            ["sources.terraform.workspaces_max", "sources.terraform.timeout", "sources.terraform.runs_quota.calls"]
        );
    }
}
