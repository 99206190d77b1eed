//! `Pipeline`: a run of a repository's CI/CD, read live.

use async_graphql::{Context, ID, Object};
use schema::{DateTime, NodeId, PipelineJobSummary, PipelineRecord, PipelineStatus, WebUrl};
use sources::gitlab::{Item, JobsKey, RepositoryKey};

use super::{gitlab_list::live_connection, repository::visible_key};
use crate::{
    error::{Nullable, OrFieldError, Result},
    request::RequestData,
};

/// A run of a repository's CI/CD.
#[derive(Clone)]
pub struct Pipeline {
    key: RepositoryKey,
    record: PipelineRecord,
}

impl Pipeline {
    /// A pipeline of this project.
    pub fn new(key: RepositoryKey, record: PipelineRecord) -> Self {
        Self { key, record }
    }

    /// What is known of it by itself.
    pub fn record(&self) -> &PipelineRecord {
        &self.record
    }

    fn from_item(key: &RepositoryKey, item: &Item) -> Option<Self> {
        match item {
            Item::Pipeline(record) => Some(Self::new(key.clone(), record.clone())),
            _ => None,
        }
    }

    /// The pipeline with this key, the path of its project and GitLab's own id, if some visible entity names the project.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let Some((path, gid)) = key.split_once(':') else { return Ok(None) };
        let number = gid.strip_prefix("gid://gitlab/Ci::Pipeline/").unwrap_or_default();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        let Some(project) = visible_key(ctx, path).await? else { return Ok(None) };
        let request = RequestData::of(ctx);
        let Some(gitlab) = request.sources().gitlab() else { return Ok(None) };
        let record = gitlab.pipeline(&project, gid).await.or_field_error()?;
        Ok(record.map(|record| Self::new(project, record)))
    }
}

/// A run of a repository's CI/CD.
#[Object]
impl Pipeline {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("Pipeline", format_args!("{}:{}", self.key.path(), self.record.gid)).encode())
    }
    /// Its number within the project.
    async fn number(&self) -> Option<i32> {
        self.record.number
    }
    /// How it stands.
    async fn status(&self) -> PipelineStatus {
        self.record.status
    }
    /// The same in the upstream's own word.
    async fn upstream_status(&self) -> &str {
        &self.record.upstream_status
    }
    /// The branch, tag or merge request it runs for.
    #[graphql(name = "ref")]
    async fn git_ref(&self) -> Option<&str> {
        self.record.git_ref.as_deref()
    }
    /// The commit it runs for.
    async fn commit_sha(&self) -> Option<&str> {
        self.record.commit_sha.as_deref()
    }
    /// What started it, such as `push`, `schedule` or `merge_request_event`.
    async fn trigger(&self) -> Option<&str> {
        self.record.trigger.as_deref()
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
    /// Its page in GitLab.
    async fn web_url(&self) -> Option<WebUrl> {
        self.record.web_url.clone()
    }
    /// Its jobs, counted by status.
    async fn jobs(&self, ctx: &Context<'_>) -> Nullable<PipelineJobSummary> {
        let key = JobsKey { repository: self.key.clone(), pipeline: self.record.gid.clone() };
        let found = RequestData::of(ctx).live(ctx, key).await;
        found.map(|jobs| jobs.as_deref().cloned()).transpose()
    }
}

live_connection!(PipelineConnection, PipelineEdge, Pipeline, "A page of pipelines.", "An item of a page of pipelines.");
