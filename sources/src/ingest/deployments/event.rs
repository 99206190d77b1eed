//! `DeploymentEvent`: a deployment as a source tells of it at some moment, and the row that it becomes.

use std::ops::Range;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use schema::{DeploymentStatus, EntityRef, EnvironmentTier, SourceKind, WebUrl};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::DeliveryRules;

/// Longest text that is kept of what a source says, in characters.
const TEXT_CHARS_MAX: usize = 255;

/// A deployment as its source tells of it. The newest state of one stands, in whatever order they come.
#[derive(Debug, Clone, PartialEq)]
pub struct DeploymentEvent {
    /// What the source calls it; for good.
    pub source_key: String,
    /// The component that is mapped to it; none when none is.
    pub component: Option<EntityRef>,
    /// When the source created it; for good, but for one whose moment is seen only.
    pub created_at: DateTime<Utc>,
    /// The source does not say when it was created: `created_at` is when it was seen, and what was seen first stands.
    pub is_seen_only: bool,
    /// When the source last changed it.
    pub state_at: DateTime<Utc>,
    /// The environment's name.
    pub environment: String,
    /// Where the environment can be reached.
    pub environment_url: Option<WebUrl>,
    /// What the environment is for.
    pub tier: EnvironmentTier,
    /// A tag, release or image tag.
    pub version: Option<String>,
    /// The commit, by full hash.
    pub commit_sha: Option<String>,
    /// When it was committed.
    pub committed_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub status: DeploymentStatus,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Who or what started it.
    pub triggered_by: Option<String>,
    /// Its page in the source.
    pub url: Option<WebUrl>,
    /// What did it: type and key of its id in the graph, with a colon between them.
    pub job_key: Option<String>,
    /// The branch or tag that it was deployed from.
    pub git_ref: Option<String>,
    /// How the source labels it, or the change that it brings.
    pub labels: Vec<String>,
}

/// How long before its creation something can have begun, by clocks that differ.
pub(crate) const STARTED_EARLY_MAX: TimeDelta = TimeDelta::days(1);

impl DeploymentEvent {
    /// When it was created, in milliseconds: keys and cursors hold those, and a finer moment would not find itself again.
    pub(super) fn moment(&self) -> DateTime<Utc> {
        self.created_at.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(self.created_at)
    }

    /// Within what clocks can have said: no moment but `created_at` is a reason to lose a deployment.
    pub(super) fn bounded(&self, believable: &Range<DateTime<Utc>>) -> Self {
        let within = |moment: Option<DateTime<Utc>>| moment.filter(|moment| believable.contains(moment));
        let is_started = |started_at: &DateTime<Utc>| *started_at >= self.created_at - STARTED_EARLY_MAX;
        Self {
            state_at: self.state_at.clamp(believable.start, believable.end),
            committed_at: within(self.committed_at),
            started_at: within(self.started_at).filter(is_started),
            finished_at: within(self.finished_at),
            ..self.clone()
        }
    }

    /// The same event for each of these components.
    pub fn of_each(self, components: &[EntityRef]) -> impl Iterator<Item = Self> {
        components.iter().map(move |component| Self { component: Some(component.clone()), ..self.clone() })
    }
}

/// Where events come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// Whose deployments they are.
    pub tenant: &'a str,
    /// The kind of system.
    pub source: SourceKind,
    /// Its configured name.
    pub source_name: &'a str,
}

/// A row of `deployment`, as `deployments_upsert.sql` reads it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct EventRow {
    pub(super) id: Uuid,
    pub(super) created_at: DateTime<Utc>,
    component_ref: Option<String>,
    environment: String,
    environment_url: Option<String>,
    tier: &'static str,
    version: Option<String>,
    commit_sha: Option<String>,
    committed_at: Option<DateTime<Utc>>,
    status: &'static str,
    source_key: String,
    pub(super) state_at: DateTime<Utc>,
    pub(super) state_rank: i16,
    pub(super) state_hash: i64,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    triggered_by: Option<String>,
    url: Option<String>,
    job_key: Option<String>,
    is_hotfix: bool,
    is_incident: bool,
}

impl EventRow {
    /// `created_at` stands for the event's own.
    pub(super) fn of(
        origin: &Origin<'_>,
        event: &DeploymentEvent,
        created_at: DateTime<Utc>,
        rules: &DeliveryRules,
    ) -> Self {
        let component_ref = event.component.as_ref().map(|component| component.as_str().to_owned());
        let optional = |text: &Option<String>| text.as_deref().map(storable).filter(|text| !text.is_empty());
        let mut row = Self {
            id: key(origin, created_at, &event.source_key, component_ref.as_deref()),
            created_at,
            component_ref,
            environment: storable(&event.environment),
            environment_url: event.environment_url.as_ref().map(|url| url.0.clone()),
            tier: event.tier.as_str(),
            version: optional(&event.version),
            commit_sha: optional(&event.commit_sha),
            committed_at: event.committed_at,
            status: event.status.as_str(),
            source_key: storable(&event.source_key),
            state_at: event.state_at,
            state_rank: rank(event.status),
            state_hash: 0,
            started_at: event.started_at,
            finished_at: event.finished_at,
            triggered_by: optional(&event.triggered_by),
            url: event.url.as_ref().map(|url| url.0.clone()),
            job_key: event.job_key.clone(),
            is_hotfix: false,
            is_incident: false,
        };
        row.state_hash = hash(&row);
        // Not a part of the state, but of how we see it.
        row.is_hotfix = rules.is_hotfix(event.git_ref.as_deref(), &event.labels);
        row.is_incident = rules.is_incident(&event.labels);
        row
    }

    /// Whether a row that Postgres wrote as JSON says the same.
    pub(super) fn is_known_as(&self, known: &Map<String, Value>) -> bool {
        let is = |field: &str| known.get(field).and_then(Value::as_bool);
        known.get("state_hash").and_then(Value::as_i64) == Some(self.state_hash)
            && is("is_hotfix") == Some(self.is_hotfix)
            && is("is_incident") == Some(self.is_incident)
    }

    /// What decides which of two states of a deployment stands: the greater one does.
    pub(super) fn state(&self) -> (DateTime<Utc>, i16, i64) {
        (self.state_at, self.state_rank, self.state_hash)
    }
}

/// The key of a deployment: 48 bits of milliseconds, then a hash of what names it. Equal for the same deployment, whoever computes it.
fn key(origin: &Origin<'_>, created_at: DateTime<Utc>, source_key: &str, component_ref: Option<&str>) -> Uuid {
    let mut hash = Sha256::new();
    for part in
        [origin.tenant, origin.source.as_str(), origin.source_name, source_key, component_ref.unwrap_or_default()]
    {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let random: [u8; 10] = std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0));
    let millis = u64::try_from(created_at.timestamp_millis()).unwrap_or(0);
    // The form of version 7, which says just that: milliseconds, then anything.
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Of two states at the same moment the one further on stands.
fn rank(status: DeploymentStatus) -> i16 {
    match status {
        DeploymentStatus::Pending => 0,
        DeploymentStatus::Blocked => 1,
        DeploymentStatus::Running => 2,
        // It went on to something that nobody saw.
        DeploymentStatus::Unknown => 3,
        DeploymentStatus::Skipped => 4,
        DeploymentStatus::Canceled => 5,
        DeploymentStatus::Failed => 6,
        DeploymentStatus::Succeeded => 7,
    }
}

/// Tells two states of a deployment apart, and orders those that nothing else does.
fn hash(row: &EventRow) -> i64 {
    let text = serde_json::to_string(row).unwrap_or_default();
    let digest = Sha256::digest(text);
    i64::from_be_bytes(std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0)))
}

/// A text as Postgres can store it, bounded.
fn storable(text: &str) -> String {
    text.trim().chars().take(TEXT_CHARS_MAX).map(|one| if one.is_control() { ' ' } else { one }).collect()
}
