//! Records of sources: the systems that Weft reads from, and how they are.

use async_graphql::{Enum, SimpleObject};

use crate::DateTime;

/// A system that Weft reads from.
#[derive(Debug, Clone, SimpleObject)]
pub struct SourceRecord {
    /// Its name, as configured; unique.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// It is in use; false: switched off by configuration.
    pub enabled: bool,
    /// How it is, by the newest probe and by the calls since.
    pub status: SourceStatus,
    /// Version of the part of Weft that reads it.
    pub connector_version: String,
    /// Version that it reports itself.
    pub api_version: Option<String>,
    /// Range of versions that Weft is tested with, such as `17.0 – 18.6`.
    pub tested_versions: String,
    /// Its version is within that range; null before it is known.
    pub compatible: Option<bool>,
    /// When it last answered well.
    pub last_success_at: Option<DateTime>,
    /// What went wrong last, for people to read; null when nothing has since it started.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<DateTime>,
    /// How long it takes to answer, over the last 5 minutes; null without calls.
    pub latency: Option<Latency>,
    /// The share of reads that a cache answered over the last 5 minutes, 0 to 1; null without reads.
    pub cache_hit_ratio: Option<f64>,
    /// What it lets Weft ask; null when it does not say.
    pub quota: Option<Quota>,
}

/// What an upstream lets Weft ask, over all replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SimpleObject)]
pub struct Quota {
    /// What is counted, such as `requests` or `query processing units`.
    pub unit: &'static str,
    /// How much it grants in each window.
    pub limit: i32,
    /// How much is left of it.
    pub remaining: i32,
    /// Length of the window, in seconds.
    pub window_seconds: Option<i32>,
    /// When the window ends; null when it does not say.
    pub reset_at: Option<DateTime>,
}

/// Kinds of systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum SourceKind {
    /// GitLab.
    Gitlab,
    /// An OpenShift cluster.
    Openshift,
    /// AWX or Automation Controller.
    Awx,
    /// HCP Terraform or Terraform Enterprise.
    Terraform,
    /// Azure.
    Azure,
    /// Weft's own database.
    Postgres,
    /// A GraphQL service that a team publishes.
    Subgraph,
}

impl SourceKind {
    /// Its name in `extensions.source`, in logs and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gitlab => "gitlab",
            Self::Openshift => "openshift",
            Self::Awx => "awx",
            Self::Terraform => "terraform",
            Self::Azure => "azure",
            Self::Postgres => "postgres",
            Self::Subgraph => "subgraph",
        }
    }
}

impl std::fmt::Display for SourceKind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

/// How a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SourceStatus {
    /// Answers.
    Healthy,
    /// Answers slowly, in part, or refuses some calls.
    Degraded,
    /// Does not answer.
    Down,
    /// Switched off.
    Disabled,
    /// Not probed yet.
    Unknown,
}

/// How long answers take.
#[derive(Debug, Clone, Copy, PartialEq, SimpleObject)]
pub struct Latency {
    /// Half of them at most this long, in seconds.
    pub p50_seconds: f64,
    /// 99 in 100 of them at most this long, in seconds.
    pub p99_seconds: f64,
}
