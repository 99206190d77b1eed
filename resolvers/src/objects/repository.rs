//! `Repository`: a GitLab project, read live.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{
    CodeOwnersRecord, DateTime, EntityRecord, MergeRequestState, NodeId, RepositoryLanguage, RepositoryRecord,
    RepositoryVisibility, WebUrl,
};
use sources::gitlab::{CodeOwnersKey, ListKind, RepositoryKey};

use super::{MergeRequestConnection, Pipeline, PipelineConnection, ReleaseConnection, gitlab_list};
use crate::{
    error::{Nullable, OrFieldError, Result, bad_input},
    request::RequestData,
};

/// A GitLab project.
#[derive(Clone)]
pub struct Repository {
    key: RepositoryKey,
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
        let record = RequestData::of(ctx).live(ctx, key.clone()).await?;
        Ok(record.map(|record| Self { key, record }))
    }
}

/// The project with this path as the caller names it in an id; none when no visible entity carries it.
pub(super) async fn visible_key(ctx: &Context<'_>, path: &str) -> Result<Option<RepositoryKey>> {
    let request = RequestData::of(ctx);
    let Some(gitlab) = request.sources().gitlab() else { return Ok(None) };
    let Some(key) = gitlab.key(request.visibility(), path) else { return Ok(None) };
    // GitLab finds a project whatever the case of its path, and so do annotations.
    let asked = [key.path().to_owned()];
    let (database, visibility) = (request.sources().database(), request.visibility());
    let visible = database.annotation_values_visible_in_any_case(visibility, gitlab.annotation(), &asked);
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
        Some(Pipeline::new(self.key.clone(), pipeline))
    }
    /// Pipelines of all branches, newest first.
    #[graphql(directive = crate::cost::page::apply())]
    async fn pipelines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<PipelineConnection> {
        let list = gitlab_list::load(ctx, &self.key, ListKind::Pipelines, first, after).await.transpose()?;
        Some(list.map(|list| PipelineConnection::of(&self.key, list)))
    }
    /// Merge requests, latest change first.
    #[graphql(directive = crate::cost::page::apply())]
    async fn merge_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in one of these states.")] state: Option<Vec<MergeRequestState>>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<MergeRequestConnection> {
        let list = async {
            let kind = ListKind::MergeRequests(states(state)?);
            gitlab_list::load(ctx, &self.key, kind, first, after).await
        };
        let list = list.await.transpose()?;
        Some(list.map(|list| MergeRequestConnection::of(&self.key, list)))
    }
    /// Releases, newest first.
    #[graphql(directive = crate::cost::page::apply())]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<ReleaseConnection> {
        let list = gitlab_list::load(ctx, &self.key, ListKind::Releases, first, after).await.transpose()?;
        Some(list.map(|list| ReleaseConnection::of(&self.key, list)))
    }
    /// Who must review what; null when the default branch has no CODEOWNERS file.
    async fn code_owners(&self, ctx: &Context<'_>) -> Nullable<CodeOwnersRecord> {
        let found = RequestData::of(ctx).live(ctx, CodeOwnersKey(self.key.clone())).await;
        found.map(|file| file.as_deref().cloned()).transpose()
    }
}

/// The states that are asked for: sorted, each once; none when that is all of them.
fn states(wanted: Option<Vec<MergeRequestState>>) -> Result<Vec<MergeRequestState>> {
    let Some(mut states) = wanted else { return Ok(Vec::new()) };
    states.sort_unstable();
    states.dedup();
    if states.is_empty() || states.contains(&MergeRequestState::Unknown) {
        return Err(bad_input("`state` names at least one state, and none that Weft does not know"));
    }
    // GitLab has four.
    Ok(if states.len() == 4 { Vec::new() } else { states })
}
