//! `Deployment`: what was brought where, and what did it.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, SimpleObject, Union};
use schema::{DeploymentFilter, DeploymentRecord, EntityRef, NodeId, Page, PageArgs, scope};
use sources::{
    gitlab::{Brought, RepositoryKey},
    postgres::DEPLOYMENTS_COUNTED_MAX,
};
use uuid::Uuid;

use super::{
    AutomationJob, Commit, CommitConnection, Component, MergeRequestConnection, Pipeline, TerraformRun, brought,
};
use crate::{
    connection::{needs_page, plain_connection, shown_count},
    error::{Nullable, OrFieldError, Result},
    loaders::{DeploymentCountKey, DeploymentKey, DeploymentPageKey},
    request::RequestData,
};

/// One version of a component brought to one environment: a GitLab deployment, an OpenShift rollout, an AWX job or a
/// Terraform apply. Federation key: `id`.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct Deployment {
    #[graphql(flatten)]
    record: DeploymentRecord,
}

/// Work that an upstream does.
#[derive(Union)]
pub enum Job {
    /// A run of CI/CD.
    Pipeline(Pipeline),
    /// A run in AWX.
    AutomationJob(AutomationJob),
    /// A run of Terraform.
    TerraformRun(TerraformRun),
}

impl Job {
    /// Types of jobs.
    pub const TYPES: [&str; 3] = ["Pipeline", "AutomationJob", "TerraformRun"];

    /// The job with this id; none when it is gone, hidden, or no job.
    pub async fn load(ctx: &Context<'_>, type_name: &str, key: &str) -> Result<Option<Self>> {
        Ok(match type_name {
            "Pipeline" => Box::pin(Pipeline::of_key(ctx, key)).await?.map(Self::Pipeline),
            "AutomationJob" => Box::pin(AutomationJob::of_key(ctx, key)).await?.map(Self::AutomationJob),
            "TerraformRun" => Box::pin(TerraformRun::of_key(ctx, key)).await?.map(Self::TerraformRun),
            _ => None,
        })
    }

    /// Everything that is known of it by itself, as bytes that are the same while it is; and whether it has ended for good.
    pub fn state(&self) -> (Vec<u8>, bool) {
        // Records are what is kept in Redis: writing them cannot fail.
        match self {
            Self::Pipeline(job) => {
                (serde_json::to_vec(job.record()).unwrap_or_default(), job.record().status.is_final())
            }
            Self::AutomationJob(job) => {
                (serde_json::to_vec(job.record()).unwrap_or_default(), job.record().status.is_final())
            }
            Self::TerraformRun(job) => {
                (serde_json::to_vec(job.record()).unwrap_or_default(), job.record().status.is_final())
            }
        }
    }
}

#[ComplexObject]
impl Deployment {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("Deployment", self.record.key).encode())
    }

    /// The component; null when it is not in the catalog.
    async fn component(&self, ctx: &Context<'_>) -> Nullable<Component> {
        let component = self.record.component_ref.as_ref()?;
        // As at the roots: deployments are no way around the right to read the catalog.
        if let Err(refusal) = may_read_catalog(ctx, component).await {
            return Some(Err(refusal));
        }
        Component::load(ctx, component).await.transpose()
    }

    /// From `startedAt` to `finishedAt`, or until now while it runs.
    async fn duration_seconds(&self, ctx: &Context<'_>) -> Option<f64> {
        let started_at = self.record.started_at?.0;
        let is_running = self.record.status == schema::DeploymentStatus::Running;
        let now = is_running.then(|| RequestData::of(ctx).sources().clock().now());
        let end = self.record.finished_at.map(|moment| moment.0).or(now)?;
        Some((end - started_at).as_seconds_f64().max(0.0))
    }

    /// The successful deployment of this component that stood in this environment before it.
    async fn previous(&self, ctx: &Context<'_>) -> Nullable<Deployment> {
        Self::of_uuid(ctx, self.record.previous_key?).await.transpose()
    }

    /// The deployment that remedied it; null when it needed no remedy, or found none yet.
    async fn remedied_by(&self, ctx: &Context<'_>) -> Nullable<Deployment> {
        Self::of_uuid(ctx, self.record.remedied_by_key?).await.transpose()
    }

    /// The commit that was deployed, with its message and author; live.
    async fn commit(&self, ctx: &Context<'_>) -> Nullable<Commit> {
        let load = async {
            let (Some(sha), Some(repository)) = (&self.record.commit_sha, self.repository(ctx).await?) else {
                return Ok(None);
            };
            Commit::load(ctx, repository, sha).await
        };
        load.await.transpose()
    }

    /// Commits that it brought over `previous`, newest first; live.
    // A call to GitLab each.
    #[graphql(directive = crate::cost::page::apply(), directive = crate::cost::cost::apply(10))]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<CommitConnection> {
        let load = async {
            let (Some(to), Some(key)) = (&self.record.commit_sha, self.record.previous_key) else { return Ok(None) };
            let previous = RequestData::of(ctx).load_one(DeploymentKey(key)).await.or_field_error()?;
            let from = previous.and_then(|previous| previous.commit_sha.clone());
            let Some(list) = from.and_then(|from| Brought::commits(&from, to)) else { return Ok(None) };
            let Some(repository) = self.repository(ctx).await? else { return Ok(None) };
            let list = Box::pin(brought::load(ctx, &repository, list, first, after)).await?;
            Ok(list.map(|list| CommitConnection::of(&repository, list)))
        };
        load.await.transpose()
    }

    /// Merge requests that it brought, latest first; live. Known of GitLab's own deployments.
    // A call to GitLab each.
    #[graphql(directive = crate::cost::page::apply(), directive = crate::cost::cost::apply(10))]
    async fn merge_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<MergeRequestConnection> {
        let load = async {
            let Some(deployment) = self.record.gitlab_number() else { return Ok(None) };
            let Some(repository) = self.repository(ctx).await? else { return Ok(None) };
            let list = Brought::MergeRequests { deployment };
            let list = Box::pin(brought::load(ctx, &repository, list, first, after)).await?;
            Ok(list.map(|list| MergeRequestConnection::of(&repository, list)))
        };
        load.await.transpose()
    }

    /// The pipeline, automation job or Terraform run that did it; live.
    async fn job(&self, ctx: &Context<'_>) -> Nullable<Job> {
        let (type_name, key) = self.record.job_key.as_deref()?.split_once(':')?;
        if let Err(refusal) = may_read_catalog(ctx, self.record.component_ref.as_ref()?).await {
            return Some(Err(refusal));
        }
        Job::load(ctx, type_name, key).await.transpose()
    }
}

async fn may_read_catalog(ctx: &Context<'_>, component: &EntityRef) -> Result<()> {
    let target = Some(component.as_str().to_owned());
    RequestData::of(ctx).require(scope::CATALOG_READ, "deployment.component", target).await
}

impl Deployment {
    /// The object of a record.
    pub fn from_row(row: &Arc<DeploymentRecord>) -> Self {
        Self { record: DeploymentRecord::clone(row) }
    }

    /// The object of a record.
    pub fn of(record: DeploymentRecord) -> Self {
        Self { record }
    }

    /// The deployment with this key.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let Ok(key) = Uuid::try_parse(key) else { return Ok(None) };
        Self::of_uuid(ctx, key).await
    }

    /// The GitLab project of its component, where its commits are.
    async fn repository(&self, ctx: &Context<'_>) -> Result<Option<RepositoryKey>> {
        let Some(component) = &self.record.component_ref else { return Ok(None) };
        may_read_catalog(ctx, component).await?;
        let request = RequestData::of(ctx);
        let Some(gitlab) = request.sources().gitlab() else { return Ok(None) };
        let component = Component::load(ctx, component).await?;
        Ok(component.and_then(|component| gitlab.repository_key(request.visibility(), &component.record)))
    }

    pub async fn of_uuid(ctx: &Context<'_>, key: Uuid) -> Result<Option<Self>> {
        let found = RequestData::of(ctx).load_one(DeploymentKey(key)).await.or_field_error()?;
        Ok(found.map(|record| Self::from_row(&record)))
    }
}

/// A page of deployments.
pub struct DeploymentConnection {
    scope: Scope,
    page: Arc<Page<Arc<DeploymentRecord>>>,
}

enum Scope {
    Root(DeploymentFilter),
    Component(EntityRef, DeploymentFilter),
}

impl DeploymentConnection {
    /// All that match.
    pub async fn load(ctx: &Context<'_>, filter: DeploymentFilter, page: PageArgs) -> Result<Self> {
        let request = RequestData::of(ctx);
        let page = if needs_page(ctx) {
            let database = request.sources().database();
            Arc::new(database.deployments_page(request.visibility(), &filter, &page).await.or_field_error()?)
        } else {
            Arc::default()
        };
        Ok(Self { scope: Scope::Root(filter), page })
    }

    /// Those of a component that match.
    pub async fn of_component(
        ctx: &Context<'_>,
        component: &EntityRef,
        filter: DeploymentFilter,
        page: PageArgs,
    ) -> Result<Self> {
        let request = RequestData::of(ctx);
        request.require(scope::DEPLOYMENTS_READ, "deployments", Some(component.as_str().to_owned())).await?;
        let page = if needs_page(ctx) {
            let key = DeploymentPageKey { filter: filter.clone(), page, component: component.clone() };
            let loaded = request.load_one(key).await.or_field_error()?;
            loaded.transpose().or_field_error()?.unwrap_or_default()
        } else {
            Arc::default()
        };
        Ok(Self { scope: Scope::Component(component.clone(), filter), page })
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let request = RequestData::of(ctx);
        let count = match &self.scope {
            Scope::Root(filter) => request.sources().database().deployments_count(request.visibility(), filter).await,
            Scope::Component(component, filter) => {
                let key = DeploymentCountKey { filter: filter.clone(), component: component.clone() };
                request.load_one(key).await.or_field_error()?.transpose().map(Option::unwrap_or_default)
            }
        };
        let count = count.or_field_error()?;
        Ok((count <= DEPLOYMENTS_COUNTED_MAX).then(|| shown_count(count)))
    }
}

plain_connection!(
    DeploymentConnection,
    DeploymentEdge,
    Deployment,
    "A page of deployments.",
    "An item of a page of deployments."
);
