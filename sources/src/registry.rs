//! `Sources`: everything the graph reads from, built once from the configuration, and what `sources { … }` tells of each.

use schema::{SourceKind, SourceRecord, SourceStatus};
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    Clock, SourceError,
    cache::Evictions,
    gitlab,
    gitlab::Gitlab,
    health::{Health, HealthReport},
    postgres::{self, Database},
    redis::{self, Redis},
};

/// The section `[sources]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// GitLab.
    pub gitlab: gitlab::Config,
}

/// The secrets that the sources need, read from where the configuration says.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// GitLab's token.
    pub gitlab_token: Option<SecretString>,
}

/// Every source. Clones share everything.
#[derive(Clone)]
pub struct Sources {
    database: Database,
    redis: Option<Redis>,
    gitlab: Option<Gitlab>,
}

impl Sources {
    /// Prepares all sources; nothing is called yet.
    pub fn build(
        database: &postgres::Config,
        redis: &redis::Config,
        sources: &Config,
        secrets: Secrets,
        clock: Clock,
    ) -> Result<Self, SourceError> {
        let database = Database::open(database, clock.clone())?;
        let evictions = Evictions::new();
        let redis = Redis::new(redis, evictions.clone(), clock.clone())?;
        let gitlab = Gitlab::new(sources.gitlab.clone(), secrets.gitlab_token, evictions, redis.as_ref(), clock)?;
        Ok(Self { database, redis, gitlab })
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

    /// What is known of each source, by kind, then by name. Calls nothing.
    pub fn records(&self) -> Vec<SourceRecord> {
        let gitlab = match &self.gitlab {
            Some(gitlab) => {
                record(SourceKind::Gitlab, gitlab::CONNECTOR_VERSION, gitlab::TESTED_VERSIONS, Some(gitlab.health()))
            }
            None => record(SourceKind::Gitlab, gitlab::CONNECTOR_VERSION, gitlab::TESTED_VERSIONS, None),
        };
        let database =
            record(SourceKind::Postgres, env!("CARGO_PKG_VERSION"), ("14.0", "17"), Some(self.database.health()));
        vec![gitlab, database]
    }

    /// Probes every source once; what it finds stands in [`Sources::records`].
    pub async fn probe(&self) {
        if let Ok(version) = self.database.server_version().await {
            self.database.health().version(version);
        }
        if let Some(gitlab) = &self.gitlab {
            // A failure is kept by the source's own health and logged there.
            let _ = gitlab.probe().await;
        }
    }
}

fn record(
    kind: SourceKind,
    connector_version: &str,
    tested: (&str, &str),
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
        name: kind.as_str().to_owned(),
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
    }
}

/// Compares major and minor numbers; none when the version is not made of numbers.
fn is_within(version: &str, (first, last): (&str, &str)) -> Option<bool> {
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
