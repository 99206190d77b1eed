//! What the change log tells of an object: enough to decide who may see it and whether a filter asks for it, as it was and as it is.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// Who may see an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sight {
    /// Only its guardian, and the teams above it. It has to be told: what is not known to be seen is not.
    pub is_team_only: bool,
    /// The guardian.
    #[serde(default)]
    pub guardian_ref: Option<String>,
}

/// An entity, as far as filters look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EntityFacts {
    /// Who may see it.
    #[serde(flatten)]
    pub sight: Sight,
    /// As spelled.
    pub kind: String,
    /// Of its name.
    pub namespace: String,
    /// As spelled.
    pub name: String,
    /// `spec.type`.
    pub r#type: Option<String>,
    /// `spec.lifecycle`.
    pub lifecycle: Option<String>,
    /// As declared.
    pub owner_ref: Option<String>,
    /// As declared.
    pub system_ref: Option<String>,
    /// All of them.
    pub tags: Vec<String>,
    /// Values are texts.
    pub labels: Map<String, Value>,
    /// Values are texts.
    pub annotations: Map<String, Value>,
    /// No location declares it any more.
    pub is_orphan: bool,
    /// Labels and annotations were too large to be told.
    pub is_cut: bool,
}

/// A deployment, as far as filters look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentFacts {
    /// Who may see it.
    #[serde(flatten)]
    pub sight: Sight,
    /// Who owned the component then.
    pub owner_ref: Option<String>,
    /// The environment's name.
    pub environment: Option<String>,
    /// What it is for.
    pub tier: Option<String>,
    /// What became of it.
    pub status: Option<String>,
    /// Who reported it.
    pub source: Option<String>,
    /// What was brought.
    pub version: Option<String>,
    /// From which commit.
    pub commit_sha: Option<String>,
    /// An older version was brought back.
    pub is_rollback: bool,
    /// When it began.
    pub started_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// Charges, or a billing period.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CostFacts {
    /// Which of the two.
    pub what: CostSubject,
    /// First day.
    pub from: chrono::NaiveDate,
    /// Last day.
    pub to: chrono::NaiveDate,
    /// Whose invoices, of a period.
    #[serde(default)]
    pub invoice_issuer: String,
}

/// What a line about cost is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CostSubject {
    /// Charges.
    Data,
    /// A billing period.
    Period,
}

/// Nothing that anybody decides by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NoFacts {}

/// An object before and after a change.
#[derive(Debug, Clone)]
pub struct Told<F> {
    /// None where it is new.
    pub before: Option<F>,
    /// At its end, where it is gone.
    pub now: F,
    /// What differs, as paths.
    pub changed_fields: Vec<String>,
    /// Reconciliation found it.
    pub healed: bool,
    /// Of an entity: whether others see its deployments than did before. None: an earlier release wrote the line.
    pub moves_deployments: Option<bool>,
}

/// What a payload tells besides the facts.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Besides {
    changed_fields: Vec<String>,
    healed: bool,
    moves_deployments: Option<bool>,
}

impl<F: DeserializeOwned> Told<F> {
    /// Reads a payload of the log; none when it is not of this kind.
    pub fn read(payload: &Value) -> Option<Self> {
        let before = match payload.get("before") {
            None | Some(Value::Null) => None,
            Some(before) => Some(F::deserialize(before).ok()?),
        };
        Some(Self { before, ..Self::read_now(payload)? })
    }

    /// The same where nothing depends on how it was before.
    pub fn read_now(payload: &Value) -> Option<Self> {
        let Besides { changed_fields, healed, moves_deployments } = Besides::deserialize(payload).ok()?;
        Some(Self { before: None, now: F::deserialize(payload).ok()?, changed_fields, healed, moves_deployments })
    }
}
