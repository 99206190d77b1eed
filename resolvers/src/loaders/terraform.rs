//! Terraform: workspaces, runs, pages of runs and assessments.

use schema::{SourceKind, TerraformAssessmentRecord, TerraformRunRecord, TerraformWorkspaceRecord};
use sources::{
    Sources,
    cache::Access,
    terraform::{AssessmentKey, RunKey, RunPageKey, RunPageRecord, WorkspaceKey},
};

use super::{LiveKey, LiveOutcomes};

impl LiveKey for WorkspaceKey {
    type Record = TerraformWorkspaceRecord;
    const SOURCE: SourceKind = SourceKind::Terraform;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.terraform() {
            Some(terraform) => terraform.workspaces_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

impl LiveKey for RunKey {
    type Record = TerraformRunRecord;
    const SOURCE: SourceKind = SourceKind::Terraform;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.terraform() {
            Some(terraform) => terraform.runs_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

impl LiveKey for RunPageKey {
    type Record = RunPageRecord;
    const SOURCE: SourceKind = SourceKind::Terraform;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.terraform() {
            Some(terraform) => terraform.run_pages_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

impl LiveKey for AssessmentKey {
    type Record = TerraformAssessmentRecord;
    const SOURCE: SourceKind = SourceKind::Terraform;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.terraform() {
            Some(terraform) => terraform.assessments_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}
