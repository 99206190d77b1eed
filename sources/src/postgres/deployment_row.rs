//! A row of `deployment` as a record.

use chrono::{DateTime, Utc};
use schema::{DeploymentRecord, DeploymentStatus, EntityRef, EnvironmentTier, RemedyReason, SourceKind, WebUrl};
use sqlx::FromRow;
use uuid::Uuid;

/// The columns of [`DeploymentRow`], of a table called `d`.
pub(super) const COLUMNS: &str = "d.id, d.source_key, d.created_at, d.component_ref, d.owner_ref, d.environment, d.tier, d.version, \
     d.commit_sha, d.status, d.source, d.source_name, d.started_at, d.finished_at, d.triggered_by, d.url, d.job_key, \
     d.previous_id, d.is_rollback, d.is_rework, d.remedy_reason, d.remedied_by";

#[derive(FromRow)]
pub(super) struct DeploymentRow {
    pub(super) id: Uuid,
    source_key: String,
    pub(super) created_at: DateTime<Utc>,
    component_ref: Option<String>,
    owner_ref: Option<String>,
    environment: String,
    tier: String,
    version: Option<String>,
    commit_sha: Option<String>,
    status: String,
    source: String,
    source_name: String,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    triggered_by: Option<String>,
    url: Option<String>,
    job_key: Option<String>,
    previous_id: Option<Uuid>,
    is_rollback: bool,
    is_rework: bool,
    remedy_reason: Option<String>,
    remedied_by: Option<Uuid>,
}

impl From<DeploymentRow> for DeploymentRecord {
    fn from(row: DeploymentRow) -> Self {
        Self {
            key: row.id,
            previous_key: row.previous_id,
            remedied_by_key: row.remedied_by,
            source_key: row.source_key,
            job_key: row.job_key,
            created_at: row.created_at.into(),
            component_ref: row.component_ref.map(EntityRef::stored),
            owner_ref: row.owner_ref.map(EntityRef::stored),
            environment: row.environment,
            tier: EnvironmentTier::of_str(&row.tier),
            version: row.version,
            commit_sha: row.commit_sha,
            status: DeploymentStatus::of_str(&row.status),
            source: source_of(&row.source),
            source_name: row.source_name,
            started_at: row.started_at.map(Into::into),
            finished_at: row.finished_at.map(Into::into),
            triggered_by: row.triggered_by,
            url: row.url.map(WebUrl),
            is_rollback: row.is_rollback,
            is_rework: row.is_rework,
            remedy_reason: row.remedy_reason.as_deref().and_then(RemedyReason::of_str),
        }
    }
}

/// The kinds of systems that have deployments.
fn source_of(name: &str) -> SourceKind {
    [SourceKind::Openshift, SourceKind::Awx, SourceKind::Terraform]
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .unwrap_or(SourceKind::Gitlab)
}

/// When the deployment with this key was created: its key begins with it. None for a key that Weft did not make.
pub(super) fn created_at(key: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = key.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}
