//! The section `[cost.azure]` of the configuration.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use url::Url;

use super::{FetchLimits, QueryScope};
use crate::upstream::{Problems, QuotaConfig, address_problem};

/// Shortest pause between two looks at a container: Azure writes an export once a day.
const INTERVAL_MIN: Duration = Duration::from_secs(60);

/// Longest pause.
const INTERVAL_MAX: Duration = Duration::from_secs(31 * 86_400);

/// Most containers.
const EXPORTS_MAX: usize = 100;

/// Most scopes that are asked for.
const QUERIES_MAX: usize = 500;

/// Shortest pause between two questions about a scope: Azure advises to ask once a day.
const QUERY_INTERVAL_MIN: Duration = Duration::from_secs(4 * 3_600);

/// Longest way back, in days: Azure cuts longer ones without a word.
const QUERY_DAYS_MAX: u32 = 31;

/// How charges are read from Azure, with the client of `[sources.azure]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Switched off: this replica reads none; others may.
    pub enabled: bool,
    /// Where files are kept while they are taken over; the system's own place unless given.
    #[serde(default)]
    pub temporary_folder: Option<PathBuf>,
    /// Largest file of an export.
    pub file_max: ByteSize,
    /// Largest export, all files together.
    pub export_max: ByteSize,
    /// Longest time for one file.
    #[serde(with = "humantime_serde")]
    pub file_timeout: Duration,
    /// Where exports are written.
    #[serde(default)]
    pub exports: Vec<ExportSource>,
    /// Longest wait for an answer of the Query API, the wait for its quota included.
    #[serde(with = "humantime_serde")]
    pub query_timeout: Duration,
    /// How many questions the Query API allows, all replicas together; each is one of its units, and each page anew.
    pub query_quota: QuotaConfig,
    /// What is asked of it.
    #[serde(default)]
    pub queries: Vec<QuerySource>,
}

/// A scope whose last days are asked for, as long as no export tells them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuerySource {
    /// `/subscriptions/<id>`, with or without `/resourceGroups/<name>`.
    pub scope: String,
    /// How far back: the months that these days touch are read, each from its first day.
    #[serde(default = "days_default")]
    pub days: u32,
    /// Whose charges; the default tenant's unless given.
    #[serde(default)]
    pub tenant: Option<String>,
    /// How often it is asked.
    #[serde(default = "query_interval_default", with = "humantime_serde")]
    pub interval: Duration,
}

fn days_default() -> u32 {
    7
}

fn query_interval_default() -> Duration {
    Duration::from_secs(86_400)
}

impl QuerySource {
    fn meets(&self, other: &Self) -> bool {
        let scopes = (QueryScope::read(&self.scope), QueryScope::read(&other.scope));
        self.tenant == other.tenant && matches!(scopes, (Some(one), Some(other)) if one.meets(&other))
    }
}

/// A container with exports.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportSource {
    /// Its address.
    pub container_url: Url,
    /// What the names of its blobs begin with.
    #[serde(default)]
    pub prefix: String,
    /// Whose charges; the default tenant's unless given.
    #[serde(default)]
    pub tenant: Option<String>,
    /// How often it is looked at.
    #[serde(default = "interval_default", with = "humantime_serde")]
    pub interval: Duration,
}

fn interval_default() -> Duration {
    Duration::from_secs(4 * 3_600)
}

impl ExportSource {
    /// What it is called where it is remembered.
    pub fn target(&self) -> String {
        format!("{} {}", self.container(), self.prefix)
    }

    /// The address of its container, however it was written.
    pub fn container(&self) -> &str {
        self.container_url.as_str().trim_end_matches('/')
    }
}

impl Config {
    /// There is something to read.
    pub fn is_used(&self) -> bool {
        !self.exports.is_empty() || !self.queries.is_empty()
    }

    /// The tenants that are named, each with its key.
    pub fn tenants(&self) -> impl Iterator<Item = (String, &str)> {
        let exports = self.exports.iter().map(|source| source.tenant.as_deref()).enumerate();
        let queries = self.queries.iter().map(|source| source.tenant.as_deref()).enumerate();
        let exports = exports.filter_map(|(at, tenant)| Some((format!("cost.azure.exports[{at}].tenant"), tenant?)));
        exports.chain(queries.filter_map(|(at, tenant)| Some((format!("cost.azure.queries[{at}].tenant"), tenant?))))
    }

    /// What a fetch is held to.
    pub fn fetch_limits(&self) -> FetchLimits {
        FetchLimits {
            file_bytes_max: self.file_max.as_u64(),
            export_bytes_max: self.export_max.as_u64(),
            file_timeout: self.file_timeout,
        }
    }

    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of("cost.azure");
        problems.above_zero("file_max", self.file_max.as_u64() > 0);
        problems.above_zero("export_max", self.export_max.as_u64() > 0);
        problems.above_zero("file_timeout", !self.file_timeout.is_zero());
        if self.exports.len() > EXPORTS_MAX {
            problems.tell("exports", &format!("at most {EXPORTS_MAX} containers are allowed"));
        }
        for (at, export) in self.exports.iter().enumerate() {
            let key = |name: &str| format!("exports[{at}].{name}");
            if let Some(problem) = container_problem(&export.container_url) {
                problems.tell(&key("container_url"), problem);
            }
            if !(INTERVAL_MIN..=INTERVAL_MAX).contains(&export.interval) {
                problems.tell(&key("interval"), "must be from 1m to 31d");
            }
            if self.exports.iter().take(at).any(|other| other.meets(export)) {
                problems.tell(&key("prefix"), "another entry looks at the same blobs for the same tenant");
            }
        }
        self.query_problems(&mut problems);
        problems.found()
    }

    fn query_problems(&self, problems: &mut Problems) {
        problems.above_zero("query_timeout", !self.query_timeout.is_zero());
        problems.quota("query_quota", Some(self.query_quota));
        if self.queries.len() > QUERIES_MAX {
            problems.tell("queries", &format!("at most {QUERIES_MAX} scopes are allowed"));
        }
        for (at, query) in self.queries.iter().enumerate() {
            let key = |name: &str| format!("queries[{at}].{name}");
            if QueryScope::read(&query.scope).is_none() {
                let problem = "must be /subscriptions/<id>, with or without /resourceGroups/<name>: wider scopes tell no resources";
                problems.tell(&key("scope"), problem);
            }
            if !(1..=QUERY_DAYS_MAX).contains(&query.days) {
                problems.tell(&key("days"), "must be from 1 to 31");
            }
            if !(QUERY_INTERVAL_MIN..=INTERVAL_MAX).contains(&query.interval) {
                problems.tell(&key("interval"), "must be from 4h to 31d");
            }
            if self.queries.iter().take(at).any(|other| other.meets(query)) {
                problems.tell(&key("scope"), "another entry asks for the same charges for the same tenant");
            }
        }
    }
}

impl ExportSource {
    fn meets(&self, other: &Self) -> bool {
        self.container() == other.container()
            && self.tenant == other.tenant
            && (self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix))
    }
}

/// What is wrong with the address of a container.
fn container_problem(url: &Url) -> Option<&'static str> {
    if let Some(problem) = address_problem(url) {
        return Some(problem);
    }
    if url.query().is_some() || url.fragment().is_some() {
        // A signature would stand in the configuration as it is, and in logs.
        return Some("must end with the container's name: the client of sources.azure is who reads it");
    }
    url.path()
        .trim_matches('/')
        .is_empty()
        .then_some("must name the container, as in https://account.blob.core.windows.net/exports")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn keys(exports: Value) -> Vec<String> {
        let config = json!({
            "enabled": true, "file_max": "1 GiB", "export_max": "1 GiB", "file_timeout": "1m", "exports": exports,
            "query_timeout": "1m", "query_quota": { "calls": 10, "window": "60s" },
        });
        let config: Config = serde_json::from_value(config).unwrap();
        config.problems().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_container_is_named_by_an_address_without_secrets() {
        let url = |url: &str| keys(json!([{ "container_url": url }]));
        for good in
            ["https://acct.blob.core.windows.net/exports", "https://x.example.com/a/b/", "http://127.0.0.1:1/a/b"]
        {
            assert_eq!(url(good), Vec::<String>::new(), "{good}");
        }
        for bad in [
            "http://acct.blob.core.windows.net/exports",
            "https://acct.blob.core.windows.net",
            "https://acct.blob.core.windows.net/exports?sv=2021&sig=x",
            "https://me:secret@acct.blob.core.windows.net/exports",
            "file:///etc/exports",
        ] {
            assert_eq!(url(bad), ["cost.azure.exports[0].container_url"], "{bad}");
        }
    }

    #[test]
    fn no_charge_is_asked_for_twice_and_none_too_often() {
        let queries = |queries: Value| {
            let config = json!({
                "enabled": true, "file_max": "1 GiB", "export_max": "1 GiB", "file_timeout": "1m", "queries": queries,
                "query_timeout": "1m", "query_quota": { "calls": 10, "window": "60s" },
            });
            let config: Config = serde_json::from_value(config).unwrap();
            config.problems().into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        let id = "/subscriptions/00000000-0000-0000-0000-000000000001";
        assert_eq!(queries(json!([{ "scope": id }, { "scope": id, "tenant": "other" }])), Vec::<String>::new());
        let group = format!("{id}/resourceGroups/pay");
        assert_eq!(queries(json!([{ "scope": id }, { "scope": group }])), ["cost.azure.queries[1].scope"]);
        let odd = json!([{ "scope": "/providers/Microsoft.Billing/billingAccounts/1", "days": 32, "interval": "1h" }]);
        assert_eq!(queries(odd), ["scope", "days", "interval"].map(|key| format!("cost.azure.queries[0].{key}")));
    }

    #[test]
    fn no_blob_is_looked_at_twice() {
        let source = |prefix: &str, tenant: Option<&str>| json!({ "container_url": "https://a.example.com/e", "prefix": prefix, "tenant": tenant, "interval": "4h" });
        assert_eq!(
            keys(json!([source("a/", None), source("b/", None), source("a/", Some("other"))])),
            Vec::<String>::new()
        );
        assert_eq!(keys(json!([source("a/", None), source("", None)])), ["cost.azure.exports[1].prefix"]);
        let often = json!([{ "container_url": "https://a.example.com/e", "interval": "1s" }]);
        assert_eq!(keys(often), ["cost.azure.exports[0].interval"]);
    }
}
