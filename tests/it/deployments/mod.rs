//! Deployments: how they are taken over, what follows from them, and how the graph shows it.

mod begun;
mod brought;
mod delivery;
mod fence;
mod graph;
mod order;
mod sync;
mod systems;
mod takeover;
mod teams;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use it::TestPlatform;
use schema::{DeploymentStatus, EntityRef, EnvironmentTier, SourceKind};
use sources::{
    ingest::{Applied, DeliveryRules, DeploymentBatch, DeploymentEvent, DeploymentReport, Lease, Origin},
    postgres::Database,
};
use uuid::Uuid;

/// The moment that tests count from: a Monday noon.
fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_452_800, 0).unwrap() + TimeDelta::minutes(minutes)
}

/// A successful deployment to production, created and ended within a minute.
pub(super) fn event(component: &str, number: i64, minutes: i64, artifact: &str) -> DeploymentEvent {
    DeploymentEvent {
        source_key: number.to_string(),
        component: Some(EntityRef::stored(component.to_owned())),
        created_at: at(minutes),
        is_seen_only: false,
        state_at: at(minutes + 1),
        environment: "production".to_owned(),
        environment_url: None,
        tier: EnvironmentTier::Production,
        version: None,
        commit_sha: Some(artifact.to_owned()),
        committed_at: Some(at(minutes - 30)),
        status: DeploymentStatus::Succeeded,
        started_at: Some(at(minutes)),
        finished_at: Some(at(minutes + 1)),
        triggered_by: Some("amara".to_owned()),
        url: None,
        job_key: None,
        git_ref: Some("main".to_owned()),
        labels: Vec::new(),
    }
}

/// The rules as they are unless configured.
fn rules(platform: &TestPlatform) -> DeliveryRules {
    platform.app().config.delivery.clone()
}

/// A lease of GitLab.
pub(super) async fn lease(database: &Database) -> Lease {
    database.sync_lease("gitlab", Uuid::new_v4(), Duration::from_secs(300)).await.unwrap().unwrap()
}

/// Takes events over as the source `gitlab` of the demo's first tenant.
pub(super) async fn apply(platform: &TestPlatform, lease: &Lease, events: &[DeploymentEvent]) -> DeploymentReport {
    match apply_as(platform, "default", lease, events).await {
        Applied::Done(report) => report,
        Applied::Fenced => panic!("the lease is lost"),
    }
}

async fn apply_as(platform: &TestPlatform, tenant: &str, lease: &Lease, events: &[DeploymentEvent]) -> Applied {
    let rules = rules(platform);
    let origin = Origin { tenant, source: SourceKind::Gitlab, source_name: "gitlab" };
    let batch = DeploymentBatch { origin, lease, events, marks: &[], rules: &rules, healed: false };
    platform.database().apply_deployments(&batch).await.unwrap()
}
