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
}

/// Kinds of systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum SourceKind {
    /// GitLab.
    Gitlab,
    /// Weft's own database.
    Postgres,
}

impl SourceKind {
    /// Its name in `extensions.source`, in logs and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gitlab => "gitlab",
            Self::Postgres => "postgres",
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
