//! The section `[sources.gitlab.discovery]` of the configuration.

use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::upstream::Problems;

/// Where catalog files are looked for, and how often.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct DiscoveryConfig {
    /// How often it is looked for projects that were active.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// How often all projects are listed, to see what is gone.
    #[serde(with = "humantime_serde")]
    pub whole_interval: Duration,
    /// The groups; none: nothing is looked for.
    #[serde(default)]
    pub groups: Vec<DiscoveredGroup>,
}

/// A group of projects, with all groups below it.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct DiscoveredGroup {
    /// Its full path, such as `acme/payments`.
    pub group: String,
    /// Whose catalog it fills; the platform's own tenant unless given.
    pub tenant: Option<String>,
    /// The file's path in each project.
    #[serde(default = "catalog_file")]
    pub path: String,
    /// The branch; each project's default branch unless given.
    pub branch: Option<String>,
    /// Only projects with one of these topics; all when empty.
    #[serde(default)]
    pub topics: Vec<String>,
}

fn catalog_file() -> String {
    "catalog-info.yaml".to_owned()
}

impl DiscoveredGroup {
    /// Its path as GitLab compares paths.
    pub(super) fn group_path(&self) -> String {
        self.group.trim_matches('/').to_lowercase()
    }

    /// What is looked for, as one word: what was looked at for something else is looked at anew.
    pub(super) fn covers(&self) -> String {
        let Self { path, branch, topics, .. } = self;
        hex::encode(Sha256::digest(format!("{path}\n{}\n{}", branch.as_deref().unwrap_or_default(), topics.join("\n"))))
    }

    /// Whether a project may lie in both; a tenant that is not named may be the other's.
    fn overlaps(&self, other: &Self) -> bool {
        let (one, two) = (format!("{}/", self.group_path()), format!("{}/", other.group_path()));
        let is_same_tenant = self.tenant.is_none() || other.tenant.is_none() || self.tenant == other.tenant;
        is_same_tenant && (one.starts_with(&two) || two.starts_with(&one))
    }
}

impl DiscoveryConfig {
    /// Tells what cannot be, with the key at fault.
    pub(crate) fn check(&self, problems: &mut Problems) {
        let seconds = Duration::from_secs;
        for (key, value, bounds, words) in [
            ("discovery.interval", self.interval, seconds(1)..=seconds(86_400), "must be from 1s to 1d"),
            (
                "discovery.whole_interval",
                self.whole_interval,
                seconds(1)..=seconds(31 * 86_400),
                "must be from 1s to 31d",
            ),
        ] {
            if !bounds.contains(&value) {
                problems.tell(key, words);
            }
        }
        for (at, group) in self.groups.iter().enumerate() {
            let is_empty = |text: &str| text.trim_matches('/').is_empty();
            if is_empty(&group.group) || is_empty(&group.path) {
                problems.tell(&format!("discovery.groups[{at}]"), "needs a `group`, and a `path` that names a file");
            }
            if self.groups.iter().take(at).any(|other| group.overlaps(other)) {
                problems.tell(
                    &format!("discovery.groups[{at}]"),
                    "overlaps another group of the same tenant: name the tenant at both, or leave one out",
                );
            }
        }
    }
}
