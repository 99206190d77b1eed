//! `Repository` and `Pipeline`: GitLab projects, read live.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{
    DateTime, EntityRecord, NodeId, PipelineRecord, PipelineStatus, RepositoryLanguage, RepositoryRecord,
    RepositoryVisibility, WebUrl,
};
use sources::gitlab::RepositoryKey;

use crate::{
    error::{OrFieldError, Result},
    request::RequestData,
};

/// A GitLab project.
#[derive(Clone)]
pub struct Repository {
    record: Arc<RepositoryRecord>,
}

impl Repository {
    /// The project that an entity names; none without the annotation, or when there is no such project.
    pub async fn of_entity(ctx: &Context<'_>, entity: &EntityRecord) -> Result<Option<Self>> {
        let request = RequestData::of(ctx);
        let Some(gitlab) = request.sources().gitlab() else { return Ok(None) };
        match gitlab.repository_key(request.visibility(), entity) {
            Some(key) => Self::load(ctx, key).await,
            None => Ok(None),
        }
    }

    /// The project with this path, if some entity that the caller sees names it.
    pub async fn of_path(ctx: &Context<'_>, path: &str) -> Result<Option<Self>> {
        match visible_key(ctx, path).await? {
            Some(key) => Self::load(ctx, key).await,
            None => Ok(None),
        }
    }

    async fn load(ctx: &Context<'_>, key: RepositoryKey) -> Result<Option<Self>> {
        Ok(RequestData::of(ctx).live(ctx, key).await?.map(|record| Self { record }))
    }
}

/// The project with this path as the caller names it in an id; none when no visible entity carries it.
async fn visible_key(ctx: &Context<'_>, path: &str) -> Result<Option<RepositoryKey>> {
    let request = RequestData::of(ctx);
    let Some(gitlab) = request.sources().gitlab() else { return Ok(None) };
    let Some(key) = gitlab.key(request.visibility(), path) else { return Ok(None) };
    let asked = [path.to_owned()];
    let visible =
        request.sources().database().annotation_values_visible(request.visibility(), gitlab.annotation(), &asked);
    Ok((!visible.await.or_field_error()?.is_empty()).then_some(key))
}

/// A GitLab project.
#[Object]
impl Repository {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("Repository", &self.record.path).encode())
    }
    /// Its full path, such as `payments/payments-api`.
    async fn path(&self) -> &str {
        &self.record.path
    }
    /// Its name, for people to read.
    async fn name(&self) -> &str {
        &self.record.name
    }
    /// What it is about.
    async fn description(&self) -> Option<&str> {
        self.record.description.as_deref()
    }
    /// Its page in GitLab.
    async fn web_url(&self) -> Option<WebUrl> {
        self.record.web_url.clone()
    }
    /// Its default branch; null when it is empty.
    async fn default_branch(&self) -> Option<&str> {
        self.record.default_branch.as_deref()
    }
    /// Its topics.
    async fn topics(&self) -> Option<&[String]> {
        self.record.topics.as_deref()
    }
    /// Who can see it in GitLab.
    async fn visibility(&self) -> RepositoryVisibility {
        self.record.visibility
    }
    /// It is read-only for good.
    async fn is_archived(&self) -> Option<bool> {
        self.record.is_archived
    }
    /// Its languages, largest share first.
    async fn languages(&self) -> Option<&[RepositoryLanguage]> {
        self.record.languages.as_deref()
    }
    /// When anything last happened in it.
    async fn last_activity_at(&self) -> Option<DateTime> {
        self.record.last_activity_at
    }
    /// Merge requests that are open.
    async fn open_merge_request_count(&self) -> Option<i32> {
        self.record.open_merge_request_count
    }
    /// The newest pipeline of the default branch.
    async fn latest_pipeline(&self) -> Option<Pipeline> {
        let pipeline = self.record.latest_pipeline.clone()?;
        Some(Pipeline { path: self.record.path.clone(), record: pipeline })
    }
}

/// A run of a repository's CI/CD.
#[derive(Clone)]
pub struct Pipeline {
    path: String,
    record: PipelineRecord,
}

impl Pipeline {
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
        Ok(record.map(|record| Self { path: path.to_owned(), record }))
    }
}

/// A run of a repository's CI/CD.
#[Object]
impl Pipeline {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("Pipeline", format_args!("{}:{}", self.path, self.record.gid)).encode())
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
}
