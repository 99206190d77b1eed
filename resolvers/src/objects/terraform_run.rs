//! `TerraformRun`: runs of Terraform workspaces, read live.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{
    DateTime, NodeId, TerraformCostEstimate, TerraformPlanSummary, TerraformRunDetails, TerraformRunRecord,
    TerraformRunStatus, TerraformWorkspaceRecord, WebUrl,
};
use sources::terraform::RunKey;

use super::TerraformWorkspace;
use crate::{
    error::{Nullable, Result},
    request::RequestData,
};

/// A run of a workspace.
#[derive(Clone)]
pub struct TerraformRun {
    workspace: Arc<TerraformWorkspaceRecord>,
    record: TerraformRunRecord,
}

impl TerraformRun {
    /// This run of a workspace.
    pub fn new(workspace: &Arc<TerraformWorkspaceRecord>, record: &TerraformRunRecord) -> Self {
        Self { workspace: Arc::clone(workspace), record: record.clone() }
    }

    /// What is known of it by itself.
    pub fn record(&self) -> &TerraformRunRecord {
        &self.record
    }

    /// The run that a workspace stands on.
    pub fn current(workspace: &Arc<TerraformWorkspaceRecord>) -> Option<Self> {
        workspace.current_run.as_ref().map(|record| Self::new(workspace, record))
    }

    /// The run with this key, the path of its workspace and Terraform's own id, if some visible entity names the workspace.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let Some((path, id)) = key.split_once(':') else { return Ok(None) };
        let Some(run) = RunKey::of_id(id) else { return Ok(None) };
        let Some(workspace) = TerraformWorkspace::of_path(ctx, path).await? else { return Ok(None) };
        let Some(record) = RequestData::of(ctx).live(ctx, run).await? else { return Ok(None) };
        // An id can name any run that the token may read: it has to be one of the workspace that was checked.
        let is_its_own = record.workspace_id.as_ref() == Some(&workspace.record().id);
        Ok(is_its_own.then(|| Self::new(workspace.record(), &record)))
    }

    /// What it would cost; asked of Terraform where the list it came from left it out.
    pub async fn estimate(&self, ctx: &Context<'_>) -> Result<Option<TerraformCostEstimate>> {
        if self.record.is_without_estimate {
            return Ok(None);
        }
        Ok(self.details(ctx).await?.and_then(|details| details.cost_estimate))
    }

    async fn details(&self, ctx: &Context<'_>) -> Result<Option<TerraformRunDetails>> {
        if let Some(known) = &self.record.details {
            return Ok(Some(known.clone()));
        }
        let read = RequestData::of(ctx).live(ctx, RunKey::of_record(&self.record)).await?;
        Ok(read.and_then(|run| run.details.clone()))
    }
}

/// A run of a workspace.
#[Object]
impl TerraformRun {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        let TerraformWorkspaceRecord { organization, name, .. } = &*self.workspace;
        ID(NodeId::of("TerraformRun", format_args!("{organization}/{name}:{}", self.record.id)).encode())
    }
    /// How it stands, in a few words.
    async fn status(&self) -> TerraformRunStatus {
        self.record.status
    }
    /// The same in the upstream's own word.
    async fn upstream_status(&self) -> &str {
        &self.record.upstream_status
    }
    /// What it was started with as its reason.
    async fn message(&self) -> Option<&str> {
        self.record.message.as_deref()
    }
    /// What started it, such as `tfe-ui`, `tfe-api` or `tfe-configuration-version`.
    async fn trigger(&self) -> Option<&str> {
        self.record.trigger.as_deref()
    }
    /// User name of whoever started it, in Terraform.
    async fn created_by(&self, ctx: &Context<'_>) -> Nullable<String> {
        let details = self.details(ctx).await;
        details.map(|details| details.and_then(|details| details.created_by)).transpose()
    }
    /// It destroys everything.
    async fn is_destroy(&self) -> Option<bool> {
        self.record.is_destroy
    }
    /// It can only plan.
    async fn is_plan_only(&self) -> Option<bool> {
        self.record.is_plan_only
    }
    /// The commit it runs for.
    async fn commit_sha(&self) -> Option<&str> {
        self.record.commit_sha.as_deref()
    }
    /// What it plans to do; null until it has planned.
    async fn plan(&self) -> Option<TerraformPlanSummary> {
        self.record.plan
    }
    /// What it would cost; null where cost estimation is off.
    async fn cost_estimate(&self, ctx: &Context<'_>) -> Nullable<TerraformCostEstimate> {
        self.estimate(ctx).await.transpose()
    }
    /// When it was created.
    async fn created_at(&self) -> Option<DateTime> {
        self.record.created_at
    }
    /// When it began to run.
    async fn started_at(&self) -> Option<DateTime> {
        self.record.started_at
    }
    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime> {
        self.record.finished_at
    }
    /// How long it ran, or has run so far.
    async fn duration_seconds(&self) -> Option<f64> {
        self.record.duration_seconds
    }
    /// Its page in Terraform.
    async fn web_url(&self, ctx: &Context<'_>) -> Option<WebUrl> {
        RequestData::of(ctx).sources().terraform()?.run_page(&self.workspace, &self.record.id)
    }
}
