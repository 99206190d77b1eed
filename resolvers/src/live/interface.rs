//! `ChangeEvent`: what all changes have.

use async_graphql::Interface;
use schema::{ChangeKind, DateTime};

use super::{
    changes::{DeploymentChange, EntityChange, SourceChange},
    cost_changes::{BillingPeriodChange, CostDataChange},
    job::JobProgress,
};

/// A change, with the cursor that stands right after it.
#[derive(Interface)]
#[graphql(
    field(name = "cursor", ty = "&str", desc = "Pass it as `after` to continue right after this event."),
    field(name = "at", ty = "DateTime", desc = "When the change was recorded."),
    field(name = "kind", ty = "ChangeKind", desc = "What happened."),
    field(
        name = "changedFields",
        method = "changed_fields",
        ty = "&[String]",
        desc = "Fields that changed, as paths with dots; empty unless `UPDATED`."
    ),
    field(name = "healed", ty = "bool", desc = "No event had announced it; reconciliation with the source found it.")
)]
pub enum ChangeEvent {
    /// Of an entity.
    Entity(EntityChange),
    /// Of a deployment.
    Deployment(DeploymentChange),
    /// Of charges.
    CostData(CostDataChange),
    /// Of a billing period.
    BillingPeriod(BillingPeriodChange),
    /// Of a job.
    Job(JobProgress),
    /// Of a source.
    Source(SourceChange),
}
