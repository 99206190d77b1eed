//! The section `[sources.azure]` of the configuration.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use url::Url;

use super::scope::is_guid;
use crate::{
    SecretRef, Tenants,
    cache::Lives,
    upstream::{BreakerConfig, Limits, Problems, QuotaConfig, address_problem, limits_of},
};

/// How Azure is reached, and how gently.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Switched off: nothing is called and `cloudResources` is null.
    pub enabled: bool,
    /// Where Azure Resource Manager is; sovereign clouds have addresses of their own. Access tokens are asked for this audience.
    pub arm_url: Url,
    /// Where Entra is.
    pub authority: Url,
    /// What the pages of resources begin with.
    pub portal_url: Url,
    /// The Entra tenant of the client: a GUID or a domain.
    pub tenant_id: Option<String>,
    /// The client, with the role `Reader` on what it shall read.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<SecretRef>,
    /// Only these subscriptions, by id; all that the client can read when empty.
    pub subscriptions: Vec<String>,
    /// The subscriptions that each tenant of Weft may read, by id.
    pub tenants: Tenants,
    /// The annotation that names an entity's resource groups: `subscription/name`, several with commas.
    pub annotation: String,
    /// The annotation that names tags, any of which an entity's resources carry: `key=value`, several with commas.
    pub tag_annotation: String,
    /// Longest wait for an answer.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Most calls at once; beyond it a call waits, up to `timeout`.
    pub requests_in_flight_max: usize,
    /// Largest answer.
    pub body_max: ByteSize,
    /// How long answers are kept.
    pub cache: Lives,
    /// Most groups, and most subscriptions with their alerts, in the cache of this process.
    pub cache_entries_max: u64,
    /// Certificates of authorities to trust besides the usual ones, in PEM; for Entra too.
    pub ca_file: Option<PathBuf>,
    /// How many reads Resource Manager allows, all replicas together.
    pub quota: Option<QuotaConfig>,
    /// How many queries Resource Graph allows, all replicas together; each page counts.
    pub graph_quota: Option<QuotaConfig>,
    /// When it is left alone.
    pub breaker: BreakerConfig,
    /// How often health is probed.
    #[serde(with = "humantime_serde")]
    pub probe_interval: Duration,
}

impl Config {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of("sources.azure");
        let parts = [
            ("tenant_id", self.tenant_id.is_some()),
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
        ];
        if self.enabled && parts.iter().any(|(_, is_set)| *is_set) {
            for (key, _) in parts.iter().filter(|(_, is_set)| !is_set) {
                problems.tell(key, "tenant_id, client_id and client_secret go together: set all three or none");
            }
        }
        if self.tenant_id.as_deref().is_some_and(|id| !is_tenant_id(id)) {
            problems.tell("tenant_id", "must be a GUID or a domain");
        }
        for (key, url) in [("arm_url", &self.arm_url), ("authority", &self.authority), ("portal_url", &self.portal_url)]
        {
            if let Some(problem) = address_problem(url) {
                problems.tell(key, problem);
            }
        }
        let of_tenants = self.tenants.listed().map(|(tenant, id)| (format!("tenants.{tenant}"), id));
        let own = self.subscriptions.iter().map(|id| ("subscriptions".to_owned(), id.as_str()));
        for (key, id) in own.chain(of_tenants).filter(|(_, id)| !is_guid(id)) {
            problems.tell(&key, &format!("`{id}` is no subscription's id: it must be a GUID"));
        }
        problems.limits(&self.limits());
        problems.quota("graph_quota", self.graph_quota);
        problems.found()
    }

    /// What calls are held to.
    pub(super) fn limits(&self) -> Limits {
        limits_of!(self)
    }

    /// Where its secret is, when it is switched on.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        let secret = self.client_secret.clone().filter(|_| self.enabled);
        secret.map(|secret| (SECRET_KEY.to_owned(), secret)).into_iter().collect()
    }
}

/// The key of the client's secret.
pub(super) const SECRET_KEY: &str = "sources.azure.client_secret";

/// It becomes a part of a path.
fn is_tenant_id(id: &str) -> bool {
    !id.starts_with('.')
        && !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}
