//! The section `[[sources.openshift]]` of the configuration, one table for each cluster, and the names of annotations.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use bytesize::ByteSize;
use schema::SourceKind;
use serde::Deserialize;
use url::Url;

use super::pattern::{is_name, is_pattern};
use crate::{
    SecretRef, Tenants,
    cache::Lives,
    upstream::{BreakerConfig, Limits, Problems, QuotaConfig, limits_of},
};

/// How a cluster is reached, and how gently. A table in a list has no place in `default.toml`, so its defaults stand here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What it is called in the graph; unique, and stable for good: it is part of ids.
    pub name: String,
    /// Switched off: nothing is called and none of its workloads are known.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Its API, such as `https://api.west.example.com:6443`.
    pub base_url: Option<Url>,
    /// A token of a service account that may get and list.
    pub token: Option<SecretRef>,
    /// Certificates of authorities to trust besides the usual ones, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Only these namespaces, by name, each listed by itself; the whole cluster when empty.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// The namespaces that each tenant may read, by name or as `prefix-*`.
    #[serde(default)]
    pub tenants: Tenants,
    /// The environment that a namespace stands for, by its name or as `prefix-*`. The longest pattern counts.
    #[serde(default)]
    pub environments: BTreeMap<String, String>,
    /// The label of a workload that names its environment, where its namespace stands for none.
    #[serde(default = "environment_label")]
    pub environment_label: String,
    /// Whether its changes are watched; `[watch]` says how.
    #[serde(default = "yes")]
    pub watch: bool,
    /// Longest wait for one page of a list.
    #[serde(default = "timeout", with = "humantime_serde")]
    pub timeout: Duration,
    /// Longest wait for a whole list.
    #[serde(default = "list_timeout", with = "humantime_serde")]
    pub list_timeout: Duration,
    /// Most calls at once; beyond it a call waits, up to `timeout`.
    #[serde(default = "requests_in_flight_max")]
    pub requests_in_flight_max: usize,
    /// Largest page of a list.
    #[serde(default = "body_max")]
    pub body_max: ByteSize,
    /// Most objects of one list; a longer one fails.
    #[serde(default = "objects_max")]
    pub objects_max: usize,
    /// How long lists are kept.
    #[serde(default = "lives")]
    pub cache: Lives,
    /// Most lists in the cache of this process.
    #[serde(default = "cache_entries_max")]
    pub cache_entries_max: u64,
    /// How much may be asked of it, all replicas together; without it, what it says itself.
    #[serde(default)]
    pub quota: Option<QuotaConfig>,
    /// When it is left alone.
    #[serde(default = "breaker")]
    pub breaker: BreakerConfig,
    /// How often health and version are probed.
    #[serde(default = "probe_interval", with = "humantime_serde")]
    pub probe_interval: Duration,
}

/// The annotations by which entities name what runs of them; those of Backstage unless configured otherwise.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotations {
    /// Holds the value that workloads carry in the label of the same name.
    pub id: String,
    /// Holds the only namespace to look in.
    pub namespace: String,
    /// Holds a label selector, which counts in place of `id`.
    pub label_selector: String,
}

impl Config {
    /// The key of one of its settings.
    pub fn key(&self, setting: &str) -> String {
        format!("{}.{setting}", self.key_of_section())
    }

    fn key_of_section(&self) -> String {
        format!("sources.openshift.{}", self.name)
    }

    /// What cannot be, with the key at fault, over all clusters.
    pub fn problems(clusters: &[Self]) -> Vec<(String, String)> {
        let mut problems: Vec<(String, String)> = clusters.iter().flat_map(Self::own_problems).collect();
        let mut names = BTreeSet::new();
        for (index, cluster) in clusters.iter().enumerate() {
            let key = format!("sources.openshift[{index}].name");
            if !is_name(&cluster.name) {
                problems.push((key, "must be 1 to 63 of a-z, 0-9 and - and begin and end without -".to_owned()));
            } else if is_name_of_another_source(&cluster.name) || !names.insert(cluster.name.as_str()) {
                problems.push((key, format!("`{}` is the name of another source", cluster.name)));
            }
        }
        problems
    }

    fn own_problems(&self) -> Vec<(String, String)> {
        let mut problems = Problems::of(self.key_of_section());
        if self.enabled && self.base_url.is_none() {
            problems.tell("base_url", "the cluster has no address");
        }
        problems.address(self.enabled, self.base_url.as_ref(), self.token.as_ref());
        if !self.namespaces.iter().all(|name| is_name(name)) {
            problems.tell("namespaces", "must be names of namespaces");
        }
        let mut patterns =
            self.tenants.listed().map(|(_, pattern)| pattern).chain(self.environments.keys().map(String::as_str));
        if !patterns.all(is_pattern) {
            problems.tell("tenants", "`tenants` and `environments` must hold names of namespaces, or `prefix-*`");
        }
        problems.limits(&self.limits());
        problems.above_zero("objects_max", self.objects_max > 0);
        problems.above_zero("list_timeout", !self.list_timeout.is_zero());
        problems.found()
    }

    /// What calls are held to.
    pub(super) fn limits(&self) -> Limits {
        limits_of!(self)
    }

    /// Where its token is, when it is switched on.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        let token = self.token.clone().filter(|_| self.enabled);
        token.map(|token| (self.key("token"), token)).into_iter().collect()
    }
}

impl Annotations {
    /// What cannot be, with the key at fault.
    pub fn problems(&self) -> Vec<(String, String)> {
        let named = [("id", &self.id), ("namespace", &self.namespace), ("label_selector", &self.label_selector)];
        let empty = named.into_iter().filter(|(_, name)| name.trim().is_empty());
        let told = |(key, _)| (format!("sources.kubernetes_annotations.{key}"), "must name an annotation".to_owned());
        empty.map(told).collect()
    }
}

/// Names are unique among all sources; a single cluster may well be called after its kind.
fn is_name_of_another_source(name: &str) -> bool {
    use SourceKind::{Awx, Azure, Gitlab, Postgres, Terraform};
    [Gitlab, Awx, Terraform, Azure, Postgres].iter().any(|kind| kind.as_str() == name)
}

fn yes() -> bool {
    true
}

fn environment_label() -> String {
    "environment".to_owned()
}

fn timeout() -> Duration {
    Duration::from_secs(3)
}

fn list_timeout() -> Duration {
    Duration::from_secs(10)
}

/// A cluster shares its places fairly and answers 429 to those who take too many.
fn requests_in_flight_max() -> usize {
    4
}

fn body_max() -> ByteSize {
    ByteSize::mib(16)
}

fn objects_max() -> usize {
    100_000
}

fn lives() -> Lives {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    Lives { fresh: Duration::from_secs(30), stale: minutes(60), negative: minutes(5) }
}

fn cache_entries_max() -> u64 {
    5_000
}

fn breaker() -> BreakerConfig {
    BreakerConfig { failures_max: 5, open_for: Duration::from_secs(5) }
}

fn probe_interval() -> Duration {
    Duration::from_secs(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(json: serde_json::Value) -> Config {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_cluster_needs_a_name_an_address_and_a_token_and_has_defaults_for_the_rest() {
        let west = cluster(serde_json::json!({
            "name": "west", "base_url": "https://api.west.example.com:6443", "token": { "env": "WEST" },
        }));
        assert_eq!(Config::problems(std::slice::from_ref(&west)), []);
        assert_eq!(west.secret_refs()[0].0, "sources.openshift.west.token");
        assert_eq!((west.requests_in_flight_max, west.timeout), (4, Duration::from_secs(3)));
        assert!(serde_json::from_value::<Config>(serde_json::json!({ "name": "west", "colour": "red" })).is_err());
    }

    #[test]
    fn what_cannot_be_is_told_with_its_key() {
        let told = |clusters: &[Config]| Config::problems(clusters).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        let good = cluster(serde_json::json!({
            "name": "west", "base_url": "https://west.example.com", "token": { "env": "WEST" },
        }));
        assert_eq!(told(&[good.clone(), good.clone()]), ["sources.openshift[1].name"]);
        assert_eq!(told(&[Config { name: "gitlab".to_owned(), ..good.clone() }]), ["sources.openshift[0].name"]);
        assert_eq!(told(&[Config { name: "a/b".to_owned(), ..good.clone() }]), ["sources.openshift[0].name"]);
        let bad = Config {
            base_url: Some("http://west.example.com".parse().unwrap()),
            token: None,
            namespaces: vec!["../x".to_owned()],
            tenants: BTreeMap::from([("default".to_owned(), vec!["a*b".to_owned()])]).into(),
            objects_max: 0,
            ..good
        };
        let keys = ["token", "base_url", "namespaces", "tenants", "objects_max"];
        assert_eq!(told(&[bad]), keys.map(|key| format!("sources.openshift.west.{key}")));
    }
}
