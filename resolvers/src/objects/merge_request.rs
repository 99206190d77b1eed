//! `MergeRequest`: a change that is proposed for a branch, read live.

use async_graphql::{Context, ID, Object};
use schema::{DateTime, MergeRequestRecord, MergeRequestState, NodeId, WebUrl};
use sources::gitlab::{Item, RepositoryKey};

use super::{gitlab_list::live_connection, repository::visible_key};
use crate::{
    error::{OrFieldError, Result},
    request::RequestData,
};

/// A change that is proposed for a branch.
#[derive(Clone)]
pub struct MergeRequest {
    path: String,
    record: MergeRequestRecord,
}

impl MergeRequest {
    fn from_item(key: &RepositoryKey, item: &Item) -> Option<Self> {
        match item {
            Item::MergeRequest(record) => Some(Self { path: key.path().to_owned(), record: record.clone() }),
            _ => None,
        }
    }

    /// The merge request with this key, the path of its project and its number, if some visible entity names the project.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let Some((path, Ok(number))) = key.rsplit_once('!').map(|(path, number)| (path, number.parse::<u32>())) else {
            return Ok(None);
        };
        let Some(project) = visible_key(ctx, path).await? else { return Ok(None) };
        let Some(gitlab) = RequestData::of(ctx).sources().gitlab() else { return Ok(None) };
        let record = gitlab.merge_request(&project, number).await.or_field_error()?;
        Ok(record.map(|record| Self { path: path.to_owned(), record }))
    }
}

/// A change that is proposed for a branch.
#[Object]
impl MergeRequest {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("MergeRequest", format_args!("{}!{}", self.path, self.record.number)).encode())
    }
    /// Its number within the project.
    async fn number(&self) -> i32 {
        self.record.number
    }
    /// Its title.
    async fn title(&self) -> &str {
        &self.record.title
    }
    /// How it stands.
    async fn state(&self) -> MergeRequestState {
        self.record.state
    }
    /// User name of its author in GitLab.
    async fn author(&self) -> Option<&str> {
        self.record.author.as_deref()
    }
    /// When it was opened.
    async fn created_at(&self) -> Option<DateTime> {
        self.record.created_at
    }
    /// When it was merged.
    async fn merged_at(&self) -> Option<DateTime> {
        self.record.merged_at
    }
    /// Its page in GitLab.
    async fn web_url(&self) -> Option<WebUrl> {
        self.record.web_url.clone()
    }
}

live_connection!(
    MergeRequestConnection,
    MergeRequestEdge,
    MergeRequest,
    "A page of merge requests.",
    "An item of a page of merge requests."
);
