//! Records of HCP Terraform and Terraform Enterprise: workspaces, their runs and assessments, as read live.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::{DateTime, Decimal, Json, WebUrl};

/// A workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerraformWorkspaceRecord {
    /// Terraform's own id, such as `ws-6jrRyVDv1J8zQMB5`.
    pub id: String,
    /// Its organization.
    pub organization: String,
    /// Its name, unique within the organization.
    pub name: String,
    /// Its project.
    pub project: Option<String>,
    /// The Terraform version it runs.
    pub terraform_version: Option<String>,
    /// Where it runs, such as `remote`, `agent` or `local`.
    pub execution_mode: Option<String>,
    /// No run can start.
    pub is_locked: Option<bool>,
    /// Plans are applied without a confirmation.
    pub is_auto_apply: Option<bool>,
    /// Resources under its control.
    pub resource_count: Option<i32>,
    /// The last change of any kind.
    pub latest_change_at: Option<DateTime>,
    /// The run that it stands on.
    pub current_run: Option<TerraformRunRecord>,
    /// Assessments look for drift; none when Terraform does not say.
    pub is_assessed: Option<bool>,
    /// When it was last assessed.
    pub assessed_at: Option<DateTime>,
    /// Its outputs, by name, at most 200; none when Terraform does not say.
    pub outputs: Option<Vec<TerraformOutput>>,
    /// Its page in Terraform.
    pub web_url: Option<WebUrl>,
}

/// A run of a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerraformRunRecord {
    /// Terraform's own id, such as `run-CZcmD7eagjhyX0vN`.
    pub id: String,
    /// Terraform's own id of its workspace, where it was told.
    pub workspace_id: Option<String>,
    /// How it stands, in a few words.
    pub status: TerraformRunStatus,
    /// The same in the upstream's own word.
    pub upstream_status: String,
    /// What it was started with as its reason.
    pub message: Option<String>,
    /// What started it.
    pub trigger: Option<String>,
    /// It destroys everything.
    pub is_destroy: Option<bool>,
    /// It can only plan.
    pub is_plan_only: Option<bool>,
    /// The commit it runs for.
    pub commit_sha: Option<String>,
    /// What it plans to do; none until it has planned.
    pub plan: Option<TerraformPlanSummary>,
    /// Terraform said that there is no cost estimate: estimation is off.
    pub is_without_estimate: bool,
    /// What only a look at the run itself tells; none when nobody looked.
    pub details: Option<TerraformRunDetails>,
    /// When it was created.
    pub created_at: Option<DateTime>,
    /// When it began to run.
    pub started_at: Option<DateTime>,
    /// When it ended.
    pub finished_at: Option<DateTime>,
    /// How long it ran, or had run when it was read.
    pub duration_seconds: Option<f64>,
}

/// What lists of workspaces leave out of their current runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerraformRunDetails {
    /// User name of whoever started it.
    pub created_by: Option<String>,
    /// What it would cost; none where cost estimation is off.
    pub cost_estimate: Option<TerraformCostEstimate>,
}

/// How a run stands. Terraform's own, finer word is in `upstreamStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum TerraformRunStatus {
    /// Waits to start.
    Pending,
    /// Fetches, plans, estimates cost or checks policies.
    Planning,
    /// Waits for a confirmation or a policy override.
    NeedsConfirmation,
    /// Applies, or waits to.
    Applying,
    /// Applied.
    Applied,
    /// Planned, with nothing to apply.
    PlannedAndFinished,
    /// Stopped by a policy.
    PolicyFailed,
    /// Discarded before it was applied.
    Discarded,
    /// Failed.
    Errored,
    /// Was canceled.
    Canceled,
    /// A state that Weft does not know.
    Unknown,
}

impl TerraformRunStatus {
    /// It stays so.
    pub fn is_final(self) -> bool {
        match self {
            Self::Applied
            | Self::PlannedAndFinished
            | Self::PolicyFailed
            | Self::Discarded
            | Self::Errored
            | Self::Canceled => true,
            Self::Pending | Self::Planning | Self::NeedsConfirmation | Self::Applying | Self::Unknown => false,
        }
    }
}

/// Resources that a plan would touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct TerraformPlanSummary {
    /// To add.
    pub additions: i32,
    /// To change.
    pub changes: i32,
    /// To destroy.
    pub destructions: i32,
    /// To import.
    pub imports: i32,
}

/// The newest assessment of a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TerraformAssessmentRecord {
    /// When it was made.
    pub created_at: Option<DateTime>,
    /// It came to an end.
    pub has_succeeded: Option<bool>,
    /// It found drift.
    pub has_drifted: Option<bool>,
    /// Resources that drifted.
    pub resources_drifted: Option<i32>,
    /// All checks passed.
    pub have_checks_succeeded: Option<bool>,
    /// Checks that passed.
    pub checks_passed: Option<i32>,
    /// Checks that failed.
    pub checks_failed: Option<i32>,
    /// Checks that could not run.
    pub checks_errored: Option<i32>,
    /// Checks without a result.
    pub checks_unknown: Option<i32>,
}

/// Whether reality still matches the configuration.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct TerraformDrift {
    /// What the newest assessment found.
    pub status: TerraformDriftStatus,
    /// Resources that drifted.
    pub drifted_resource_count: Option<i32>,
    /// When it was last assessed.
    pub checked_at: Option<DateTime>,
    /// Since when it has not been known; assessments pause, for example after a failed run.
    pub unknown_since: Option<DateTime>,
}

/// What a drift assessment found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum TerraformDriftStatus {
    /// Nothing drifted.
    InSync,
    /// Something drifted.
    Drifted,
    /// Not known: assessments are off, paused or failed.
    Unknown,
}

/// The continuous validation of a workspace.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct TerraformChecks {
    /// The gravest result of all checks.
    pub status: TerraformCheckStatus,
    /// Checks that passed.
    pub passed: Option<i32>,
    /// Checks that failed.
    pub failed: Option<i32>,
    /// Checks that could not run.
    pub errored: Option<i32>,
    /// Checks without a result.
    pub unknown: Option<i32>,
    /// When they were last run.
    pub checked_at: Option<DateTime>,
    /// Since when the result has not been known.
    pub unknown_since: Option<DateTime>,
}

/// The result of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum TerraformCheckStatus {
    /// All passed.
    Passed,
    /// At least one failed.
    Failed,
    /// At least one could not run.
    Errored,
    /// Not known: checks are off, paused or without a result.
    Unknown,
}

/// What Terraform estimates before it applies. Not what was charged: for that see `cost`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
pub struct TerraformCostEstimate {
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// A month before the run.
    pub prior_monthly: Option<Decimal>,
    /// A month after the run.
    pub proposed_monthly: Option<Decimal>,
    /// The difference.
    pub delta_monthly: Option<Decimal>,
    /// Resources with a known price.
    pub matched_resource_count: Option<i32>,
    /// Resources without one.
    pub unmatched_resource_count: Option<i32>,
}

/// An output of a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
pub struct TerraformOutput {
    /// Its name.
    pub name: String,
    /// It is marked sensitive.
    pub is_sensitive: bool,
    /// Its value; always null when it is marked sensitive.
    pub value: Option<Json>,
}
