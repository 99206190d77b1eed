//! Records of deployments: what was brought where, by which of the four systems, and what it did there.

use async_graphql::{Enum, InputObject, SimpleObject};
use uuid::Uuid;

use crate::{DateTime, EntityRef, FILTER_VALUES_MAX, FilterError, SourceKind, WebUrl};

/// One version of a component brought to one environment.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
// Flattened into the graph's object of the same name, which this name must not clash with.
#[graphql(name = "DeploymentFields")]
pub struct DeploymentRecord {
    /// Key of the record; part of its id. Begins with `createdAt` in milliseconds.
    #[graphql(skip)]
    pub key: Uuid,
    /// Key of the successful deployment that stood there before.
    #[graphql(skip)]
    pub previous_key: Option<Uuid>,
    /// Key of the deployment that remedied it.
    #[graphql(skip)]
    pub remedied_by_key: Option<Uuid>,
    /// What its source calls it.
    #[graphql(skip)]
    pub source_key: String,
    /// What did it: the type and the key of its id in the graph, with a colon between them.
    #[graphql(skip)]
    pub job_key: Option<String>,
    /// When the source created it. Lists are in this order, then by `id`.
    pub created_at: DateTime,
    /// The component, as known when it was deployed.
    pub component_ref: Option<EntityRef>,
    /// Who owned the component when it was deployed.
    pub owner_ref: Option<EntityRef>,
    /// The environment's name, such as `production` or `eu-staging`.
    pub environment: String,
    /// What the environment is for.
    pub tier: EnvironmentTier,
    /// The version that was deployed: a tag, release or image tag.
    pub version: Option<String>,
    /// The commit that was deployed.
    pub commit_sha: Option<String>,
    /// How it stands.
    pub status: DeploymentStatus,
    /// The kind of system that reported it.
    pub source: SourceKind,
    /// The name of that system, as in `sources`.
    pub source_name: String,
    /// When it began.
    pub started_at: Option<DateTime>,
    /// When it ended.
    pub finished_at: Option<DateTime>,
    /// Who or what started it, in the source's own words.
    pub triggered_by: Option<String>,
    /// Its page in the source.
    pub url: Option<WebUrl>,
    /// An older version came back: one that had succeeded here before and had since been replaced.
    pub is_rollback: bool,
    /// It was made to remedy an earlier one: a rollback or a hotfix.
    pub is_rework: bool,
    /// Why it needed an immediate remedy; null when it needed none.
    pub remedy_reason: Option<RemedyReason>,
}

impl DeploymentRecord {
    /// The number of GitLab's own deployment; none for those of other systems.
    pub fn gitlab_number(&self) -> Option<u64> {
        self.source_key.parse().ok().filter(|_| self.source == SourceKind::Gitlab)
    }
}

/// How a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum DeploymentStatus {
    /// Not begun.
    Pending,
    /// Waits for an approval.
    Blocked,
    /// Under way.
    Running,
    /// Succeeded.
    Succeeded,
    /// Failed.
    Failed,
    /// Was canceled.
    Canceled,
    /// Was left out.
    Skipped,
    /// A state that Weft does not know.
    Unknown,
}

impl DeploymentStatus {
    const ALL: [Self; 8] = [
        Self::Pending,
        Self::Blocked,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Canceled,
        Self::Skipped,
        Self::Unknown,
    ];

    /// Its name where deployments are stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Blocked => "BLOCKED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
            Self::Skipped => "SKIPPED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The state of this name.
    pub fn of_str(name: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == name).unwrap_or(Self::Unknown)
    }

    /// It has come to its end, well or badly.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// What an environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum EnvironmentTier {
    /// Serves users.
    Production,
    /// The last step before production.
    Staging,
    /// For tests.
    Testing,
    /// For development and review.
    Development,
    /// For something else.
    Other,
    /// Not known.
    Unknown,
}

impl EnvironmentTier {
    const ALL: [Self; 6] =
        [Self::Production, Self::Staging, Self::Testing, Self::Development, Self::Other, Self::Unknown];

    /// Its name where deployments are stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "PRODUCTION",
            Self::Staging => "STAGING",
            Self::Testing => "TESTING",
            Self::Development => "DEVELOPMENT",
            Self::Other => "OTHER",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The tier of this name, in capitals or not.
    pub fn of_str(name: &str) -> Self {
        Self::ALL.into_iter().find(|tier| tier.as_str().eq_ignore_ascii_case(name)).unwrap_or(Self::Unknown)
    }

    /// What the name of an environment says: the first of its words that means something, as in `eu-staging` or `prod_2`. Words
    /// are whole: `device-registry-prod` is no `dev`. `UNKNOWN` where none does.
    pub fn of_environment(name: &str) -> Self {
        let name = name.to_lowercase();
        let words = name.split(|one: char| !one.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        // `pre-prod` and `non-prod` are what their first word says.
        words.map(Self::of_word).find(|tier| *tier != Self::Unknown).unwrap_or(Self::Unknown)
    }

    fn of_word(word: &str) -> Self {
        match word {
            "dev" | "develop" | "development" | "review" | "trunk" | "sandbox" | "preview" => Self::Development,
            "test" | "testing" | "tst" | "int" | "integration" | "acceptance" | "acc" | "acpt" | "uat" | "qa"
            | "qc" | "sit" | "quality" | "perf" => Self::Testing,
            "stag" | "stage" | "staging" | "stg" | "pre" | "preprod" | "preproduction" | "nonprod" | "non" | "demo"
            | "model" | "mdl" => Self::Staging,
            "prod" | "production" | "prd" | "live" => Self::Production,
            _ => Self::Unknown,
        }
    }
}

/// Why a deployment needed an immediate remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum RemedyReason {
    /// It failed itself.
    FailedRollout,
    /// The source marks it as the cause of an incident.
    Incident,
    /// An older version was brought back after it.
    Rollback,
    /// A hotfix followed it.
    Hotfix,
}

impl RemedyReason {
    const ALL: [Self; 4] = [Self::FailedRollout, Self::Incident, Self::Rollback, Self::Hotfix];

    /// Its name where deployments are stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailedRollout => "FAILED_ROLLOUT",
            Self::Incident => "INCIDENT",
            Self::Rollback => "ROLLBACK",
            Self::Hotfix => "HOTFIX",
        }
    }

    /// The reason of this name.
    pub fn of_str(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// Which deployments. An empty filter matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
pub struct DeploymentFilter {
    /// Of these components.
    pub component: Option<Vec<EntityRef>>,
    /// Of components that one of these owned when they were deployed.
    pub owner: Option<Vec<EntityRef>>,
    /// To environments with these names.
    pub environment: Option<Vec<String>>,
    /// To environments of these tiers.
    pub tier: Option<Vec<EnvironmentTier>>,
    /// In one of these states.
    pub status: Option<Vec<DeploymentStatus>>,
    /// Reported by one of these kinds of system.
    pub source: Option<Vec<SourceKind>>,
    /// Of one of these versions.
    pub version: Option<Vec<String>>,
    /// Of one of these commits, by full hash.
    pub commit_sha: Option<Vec<String>>,
    /// Rollbacks only, or none.
    pub is_rollback: Option<bool>,
    /// Begun at or after this moment.
    pub started_after: Option<DateTime>,
    /// Begun before this moment.
    pub started_before: Option<DateTime>,
}

impl DeploymentFilter {
    /// Checks every bound of the filter.
    pub fn validate(&self) -> Result<(), FilterError> {
        let count = |list: Option<usize>| list.unwrap_or(0);
        for (field, count) in [
            ("component", count(self.component.as_ref().map(Vec::len))),
            ("owner", count(self.owner.as_ref().map(Vec::len))),
            ("environment", count(self.environment.as_ref().map(Vec::len))),
            ("tier", count(self.tier.as_ref().map(Vec::len))),
            ("status", count(self.status.as_ref().map(Vec::len))),
            ("source", count(self.source.as_ref().map(Vec::len))),
            ("version", count(self.version.as_ref().map(Vec::len))),
            ("commitSha", count(self.commit_sha.as_ref().map(Vec::len))),
        ] {
            if count > FILTER_VALUES_MAX {
                return Err(FilterError::TooMany { field, count, max: FILTER_VALUES_MAX });
            }
        }
        for (field, texts) in
            [("environment", &self.environment), ("version", &self.version), ("commitSha", &self.commit_sha)]
        {
            if texts.iter().flatten().any(|text| text.contains('\0')) {
                return Err(FilterError::Nul(field));
            }
        }
        Ok(())
    }
}

/// What runs in one environment of a component.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentStateRecord {
    /// The environment's name.
    pub environment: String,
    /// What the environment is for.
    pub tier: EnvironmentTier,
    /// What runs there now; none when no deployment ever succeeded.
    pub standing: Option<DeploymentRecord>,
    /// The newest deployment, whatever became of it.
    pub latest: DeploymentRecord,
    /// Where the environment can be reached, as the source last said.
    pub url: Option<WebUrl>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        assert!(DeploymentStatus::ALL.iter().all(|status| DeploymentStatus::of_str(status.as_str()) == *status));
        assert!(EnvironmentTier::ALL.iter().all(|tier| EnvironmentTier::of_str(tier.as_str()) == *tier));
        assert!(RemedyReason::ALL.iter().all(|reason| RemedyReason::of_str(reason.as_str()) == Some(*reason)));
        assert_eq!(EnvironmentTier::of_str("staging"), EnvironmentTier::Staging);
    }

    #[test]
    fn environments_are_told_by_their_names() {
        for (name, tier) in [
            ("production", EnvironmentTier::Production),
            ("eu-prod", EnvironmentTier::Production),
            ("eu-staging", EnvironmentTier::Staging),
            ("pre-prod", EnvironmentTier::Staging),
            ("review/fix-1", EnvironmentTier::Development),
            ("qa", EnvironmentTier::Testing),
            ("europe", EnvironmentTier::Unknown),
            ("device-registry-prod", EnvironmentTier::Production),
            ("nonprod_2", EnvironmentTier::Staging),
            ("maintenance", EnvironmentTier::Unknown),
        ] {
            assert_eq!(EnvironmentTier::of_environment(name), tier, "{name}");
        }
    }
}
