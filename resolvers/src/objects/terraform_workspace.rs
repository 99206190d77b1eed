//! `TerraformWorkspace`: workspaces of HCP Terraform or Terraform Enterprise, read live.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{
    DateTime, EntityRecord, NodeId, TerraformAssessmentRecord, TerraformChecks, TerraformCostEstimate, TerraformDrift,
    TerraformOutput, TerraformWorkspaceRecord, WebUrl,
};
use sources::terraform::{self, AssessmentKey, WorkspaceKey};

use super::{TerraformRun, TerraformRunConnection};
use crate::{
    error::{Nullable, OrFieldError, Result},
    request::RequestData,
};

/// A workspace in HCP Terraform or Terraform Enterprise.
#[derive(Clone)]
pub struct TerraformWorkspace {
    record: Arc<TerraformWorkspaceRecord>,
}

impl TerraformWorkspace {
    /// The workspaces that an entity names; those that are not there are left out. None when Terraform is not configured.
    pub async fn of_entity(ctx: &Context<'_>, entity: &EntityRecord) -> Result<Option<Vec<Self>>> {
        let request = RequestData::of(ctx);
        let Some(terraform) = request.sources().terraform() else { return Ok(None) };
        let keys = terraform.workspace_keys(request.visibility(), entity);
        let records = request.live_many(ctx, keys).await?;
        Ok(Some(records.into_iter().map(|record| Self { record }).collect()))
    }

    /// The workspace `organization/name`, if some entity that the caller sees names it.
    pub async fn of_path(ctx: &Context<'_>, path: &str) -> Result<Option<Self>> {
        let request = RequestData::of(ctx);
        let Some(terraform) = request.sources().terraform() else { return Ok(None) };
        let Some(key) = terraform.workspace_key(request.visibility(), path) else { return Ok(None) };
        let asked = [key.path()];
        let database = request.sources().database();
        let visible = database.annotation_values_visible(request.visibility(), terraform.annotation(), &asked);
        if visible.await.or_field_error()?.is_empty() {
            return Ok(None);
        }
        Self::load(ctx, key).await
    }

    async fn load(ctx: &Context<'_>, key: WorkspaceKey) -> Result<Option<Self>> {
        Ok(RequestData::of(ctx).live(ctx, key).await?.map(|record| Self { record }))
    }

    /// The record.
    pub fn record(&self) -> &Arc<TerraformWorkspaceRecord> {
        &self.record
    }

    async fn assessment(&self, ctx: &Context<'_>) -> Result<Option<Arc<TerraformAssessmentRecord>>> {
        match AssessmentKey::of_workspace(&self.record) {
            Some(key) => RequestData::of(ctx).live(ctx, key).await,
            None => Ok(None),
        }
    }
}

/// A workspace in HCP Terraform or Terraform Enterprise.
#[Object]
impl TerraformWorkspace {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        let path = format_args!("{}/{}", self.record.organization, self.record.name);
        ID(NodeId::of("TerraformWorkspace", path).encode())
    }
    /// Its organization.
    async fn organization(&self) -> &str {
        &self.record.organization
    }
    /// Its name, unique within the organization.
    async fn name(&self) -> &str {
        &self.record.name
    }
    /// Its project.
    async fn project(&self) -> Option<&str> {
        self.record.project.as_deref()
    }
    /// The Terraform version it runs.
    async fn terraform_version(&self) -> Option<&str> {
        self.record.terraform_version.as_deref()
    }
    /// Where it runs, such as `remote`, `agent` or `local`.
    async fn execution_mode(&self) -> Option<&str> {
        self.record.execution_mode.as_deref()
    }
    /// No run can start.
    async fn is_locked(&self) -> Option<bool> {
        self.record.is_locked
    }
    /// Plans are applied without a confirmation.
    async fn is_auto_apply(&self) -> Option<bool> {
        self.record.is_auto_apply
    }
    /// Resources under its control.
    async fn resource_count(&self) -> Option<i32> {
        self.record.resource_count
    }
    /// The last change of any kind.
    async fn latest_change_at(&self) -> Option<DateTime> {
        self.record.latest_change_at
    }
    /// The run that it stands on. Plan-only runs never are; the newest run may be another.
    async fn current_run(&self) -> Option<TerraformRun> {
        TerraformRun::current(&self.record)
    }
    /// Its runs, newest first, without plan-only ones.
    #[graphql(directive = crate::cost::page::apply())]
    async fn runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<TerraformRunConnection> {
        Box::pin(TerraformRunConnection::load(ctx, &self.record, first, after)).await.transpose()
    }
    /// Whether the real world still is as the configuration says.
    async fn drift(&self, ctx: &Context<'_>) -> Nullable<TerraformDrift> {
        let newest = self.assessment(ctx).await;
        Some(newest.map(|newest| terraform::drift(&self.record, newest.as_deref())))
    }
    /// Its continuous validation.
    async fn checks(&self, ctx: &Context<'_>) -> Nullable<TerraformChecks> {
        let newest = self.assessment(ctx).await;
        Some(newest.map(|newest| terraform::checks(&self.record, newest.as_deref())))
    }
    /// The cost estimate of its current run.
    async fn cost_estimate(&self, ctx: &Context<'_>) -> Nullable<TerraformCostEstimate> {
        Box::pin(TerraformRun::current(&self.record)?.estimate(ctx)).await.transpose()
    }
    /// Its outputs, by name; at most 200.
    async fn outputs(&self) -> Option<&[TerraformOutput]> {
        self.record.outputs.as_deref()
    }
    /// Its page in Terraform.
    async fn web_url(&self) -> Option<WebUrl> {
        self.record.web_url.clone()
    }
}
