//! `Sources`: everything the graph reads from, built once from the configuration, and what `sources { … }` tells of each.

use std::collections::HashMap;

use schema::{Quota, SourceKind, SourceRecord, SourceStatus};
use serde::Deserialize;

use crate::{
    About, Clock, Connector, Credential, SecretRef, SourceError, Tenants,
    awx::{self, Awx},
    azure::{self, Azure},
    cache::Evictions,
    connector::Surroundings,
    gitlab::{self, Gitlab},
    health::{Health, HealthReport},
    openshift::{self, Openshift},
    postgres::{self, Database},
    redis::{self, Redis},
    subgraph::Subgraphs,
    sync::DeploymentSource,
    terraform::{self, Terraform},
    upstream::{QuotaReport, Shared},
};

/// The section `[sources]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// GitLab.
    pub gitlab: gitlab::Config,
    /// Clusters of OpenShift or Kubernetes.
    #[serde(default)]
    pub openshift: Vec<openshift::Config>,
    /// How entities name what runs of them on any cluster.
    pub kubernetes_annotations: openshift::Annotations,
    /// AWX or Automation Controller.
    pub awx: awx::Config,
    /// HCP Terraform or Terraform Enterprise.
    pub terraform: terraform::Config,
    /// Azure.
    pub azure: azure::Config,
}

impl Config {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        [
            self.gitlab.problems(),
            openshift::Config::problems(&self.openshift),
            self.kubernetes_annotations.problems(),
            self.awx.problems(),
            self.terraform.problems(),
            self.azure.problems(),
        ]
        .concat()
    }

    fn tenants_mut(&mut self) -> impl Iterator<Item = &mut Tenants> {
        let own =
            [&mut self.gitlab.tenants, &mut self.awx.tenants, &mut self.terraform.tenants, &mut self.azure.tenants];
        self.openshift.iter_mut().map(|cluster| &mut cluster.tenants).chain(own)
    }

    /// Where the secrets are that the sources need, by key; of those that are switched on.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        let of_clusters = self.openshift.iter().flat_map(openshift::Config::secret_refs).collect();
        [
            self.gitlab.secret_refs(),
            of_clusters,
            self.awx.secret_refs(),
            self.terraform.secret_refs(),
            self.azure.secret_refs(),
        ]
        .concat()
    }
}

/// The secrets that the sources need, by key in the configuration.
#[derive(Debug, Clone, Default)]
pub struct Secrets(HashMap<String, Credential>);

impl Secrets {
    /// These secrets.
    pub fn new(secrets: HashMap<String, Credential>) -> Self {
        Self(secrets)
    }

    /// The secret with this key.
    pub fn get(&self, key: &str) -> Option<Credential> {
        self.0.get(key).cloned()
    }
}

/// Every source. Clones share everything.
#[derive(Clone)]
pub struct Sources {
    database: Database,
    redis: Option<Redis>,
    gitlab: Option<Gitlab>,
    openshift: Option<Openshift>,
    awx: Option<Awx>,
    terraform: Option<Terraform>,
    azure: Option<Azure>,
    subgraphs: Subgraphs,
    clock: Clock,
}

impl Sources {
    /// Prepares all sources; nothing is called yet. Where an upstream's configuration lists no tenant, `default_tenant` alone reads it.
    pub fn build(
        database: &postgres::Config,
        redis: &redis::Config,
        sources: &Config,
        secrets: &Secrets,
        clock: Clock,
        default_tenant: &str,
    ) -> Result<Self, SourceError> {
        let mut sources = sources.clone();
        sources.tenants_mut().for_each(|tenants| tenants.of_platform(default_tenant));
        let database = Database::open(database, clock.clone())?;
        let evictions = Evictions::new();
        let redis = Redis::new(redis, evictions.clone(), clock.clone())?;
        let around = Surroundings { evictions: &evictions, redis: redis.as_ref(), clock: &clock, credentials: secrets };
        let gitlab = Gitlab::new(sources.gitlab.clone(), around)?;
        let openshift = Openshift::new(sources.openshift.clone(), sources.kubernetes_annotations.clone(), around)?;
        let awx = Awx::new(sources.awx.clone(), around)?;
        let terraform = Terraform::new(sources.terraform.clone(), around)?;
        let azure = Azure::new(sources.azure.clone(), around)?;
        Ok(Self { database, redis, gitlab, openshift, awx, terraform, azure, subgraphs: Subgraphs::default(), clock })
    }

    /// What time it is for all of them.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Weft's own database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Redis; none when it is not configured.
    pub fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    /// GitLab; none when it is switched off or not configured.
    pub fn gitlab(&self) -> Option<&Gitlab> {
        self.gitlab.as_ref()
    }

    /// The clusters of OpenShift; none when none is configured.
    pub fn openshift(&self) -> Option<&Openshift> {
        self.openshift.as_ref()
    }

    /// AWX; none when it is switched off or not configured.
    pub fn awx(&self) -> Option<&Awx> {
        self.awx.as_ref()
    }

    /// Terraform; none when it is switched off or not configured.
    pub fn terraform(&self) -> Option<&Terraform> {
        self.terraform.as_ref()
    }

    /// Azure; none when it is switched off or not configured.
    pub fn azure(&self) -> Option<&Azure> {
        self.azure.as_ref()
    }

    /// The GraphQL services of teams that are part of the graph.
    pub fn subgraphs(&self) -> &Subgraphs {
        &self.subgraphs
    }

    /// What upstreams share with the rest of the process.
    pub fn shared(&self) -> Shared<'_> {
        Shared { redis: self.redis.as_ref(), clock: &self.clock }
    }

    /// The upstreams that are in use.
    pub fn connectors(&self) -> Vec<&dyn Connector> {
        let mut all: Vec<&dyn Connector> = Vec::new();
        all.extend(self.gitlab.as_ref().map(|gitlab| gitlab as &dyn Connector));
        all.extend(self.openshift.iter().flat_map(Openshift::connectors));
        all.extend(self.awx.as_ref().map(|awx| awx as &dyn Connector));
        all.extend(self.terraform.as_ref().map(|terraform| terraform as &dyn Connector));
        all.extend(self.azure.as_ref().map(|azure| azure as &dyn Connector));
        all
    }

    /// The upstreams that deployments are read from.
    pub fn deployment_sources(&self) -> Vec<&dyn DeploymentSource> {
        let mut all: Vec<&dyn DeploymentSource> = Vec::new();
        all.extend(self.gitlab.as_ref().map(|gitlab| gitlab as &dyn DeploymentSource));
        all.extend(self.openshift.iter().flat_map(Openshift::deployment_sources));
        all.extend(self.awx.as_ref().map(|awx| awx as &dyn DeploymentSource));
        all.extend(self.terraform.as_ref().map(|terraform| terraform as &dyn DeploymentSource));
        all
    }

    /// What is known of each source, by kind, then by name; of those that are switched off, that they are. Calls nothing.
    pub fn records(&self) -> Vec<SourceRecord> {
        let mut records: Vec<SourceRecord> = self.connectors().into_iter().map(of_connector).collect();
        for about in [gitlab::ABOUT, openshift::ABOUT, awx::ABOUT, terraform::ABOUT, azure::ABOUT] {
            if !records.iter().any(|record| record.kind == about.kind) {
                records.push(record(about, about.kind.as_str(), None));
            }
        }
        let database = About {
            kind: SourceKind::Postgres,
            connector_version: env!("CARGO_PKG_VERSION"),
            tested_versions: ("14.0", "17"),
        };
        records.push(record(database, database.kind.as_str(), Some(self.database.health())));
        records.extend(self.subgraphs.now().iter().map(|subgraph| SourceRecord {
            // The version is that of its publication: nothing is tested with it.
            compatible: None,
            tested_versions: "any".to_owned(),
            ..of_connector(&**subgraph)
        }));
        records.sort_by(|one, other| (one.kind, &one.name).cmp(&(other.kind, &other.name)));
        records
    }

    /// Probes every source once, all at the same time; what it finds stands in [`Sources::records`].
    pub async fn probe(&self) {
        let upstreams = self.connectors().into_iter().map(|connector| async move {
            // A failure is kept by the source's own health and logged there.
            let _ = connector.probe().await;
        });
        let database = async {
            if let Ok(version) = self.database.server_version().await {
                self.database.health().version(version);
            }
        };
        let subgraphs = self.subgraphs.now();
        let subgraphs = subgraphs.iter().map(|subgraph| async move {
            let _ = subgraph.probe().await;
        });
        tokio::join!(database, futures::future::join_all(upstreams), futures::future::join_all(subgraphs));
    }
}

fn of_connector(connector: &dyn Connector) -> SourceRecord {
    let upstream = connector.upstream();
    let record = record(connector.about(), connector.name(), Some(upstream.health()));
    SourceRecord { quota: upstream.quota().map(quota), ..record }
}

fn quota(report: QuotaReport) -> Quota {
    let whole = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    Quota {
        unit: "requests",
        limit: whole(report.limit),
        remaining: whole(report.remaining),
        window_seconds: i32::try_from(report.window.as_secs()).ok(),
        reset_at: report.blocked_until.map(Into::into),
    }
}

fn record(
    About { kind, connector_version, tested_versions: tested }: About,
    name: &str,
    health: Option<&std::sync::Arc<Health>>,
) -> SourceRecord {
    let report = health.map(|health| health.report());
    let HealthReport { status, last_success_at, last_error, latency, cache_hit_ratio, api_version } =
        report.unwrap_or(HealthReport {
            status: SourceStatus::Disabled,
            last_success_at: None,
            last_error: None,
            latency: None,
            cache_hit_ratio: None,
            api_version: None,
        });
    let (last_error_at, last_error) = last_error.unzip();
    SourceRecord {
        name: name.to_owned(),
        kind,
        enabled: health.is_some(),
        status,
        connector_version: connector_version.to_owned(),
        compatible: api_version.as_deref().and_then(|version| is_within(version, tested)),
        api_version,
        tested_versions: format!("{} – {}", tested.0, tested.1),
        last_success_at: last_success_at.map(Into::into),
        last_error,
        last_error_at: last_error_at.map(Into::into),
        latency,
        cache_hit_ratio,
        quota: None,
    }
}

/// Compares major and minor numbers; none when the version is not made of numbers.
pub fn is_within(version: &str, (first, last): (&str, &str)) -> Option<bool> {
    let numbers = |text: &str| -> Option<(u32, u32)> {
        let mut parts = text.split(['.', '-']);
        let major = parts.next()?.parse().ok()?;
        Some((major, parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(u32::MAX)))
    };
    let version = numbers(version)?;
    Some(numbers(first)? <= version && version <= numbers(last)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(is_within("18.5.0-ee", ("17.0", "18.6")), Some(true));
        assert_eq!(is_within("16.11.2", ("17.0", "18.6")), Some(false));
        assert_eq!(is_within("18.10.0", ("17.0", "18.6")), Some(false));
        assert_eq!(is_within("15.18", ("14.0", "17")), Some(true));
        assert_eq!(is_within("unknown", ("17.0", "18.6")), None);
    }
}
