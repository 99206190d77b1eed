//! `Release`: a released version of a repository, read live.

use async_graphql::{Context, ID, Object};
use schema::{DateTime, NodeId, ReleaseRecord, WebUrl};
use sources::gitlab::{Item, RepositoryKey};

use super::{gitlab_list::live_connection, repository::visible_key};
use crate::{
    error::{OrFieldError, Result},
    request::RequestData,
};

/// A released version of a repository.
#[derive(Clone)]
pub struct Release {
    path: String,
    record: ReleaseRecord,
}

impl Release {
    fn from_item(key: &RepositoryKey, item: &Item) -> Option<Self> {
        match item {
            Item::Release(record) => Some(Self { path: key.path().to_owned(), record: record.clone() }),
            _ => None,
        }
    }

    /// The release with this key, the path of its project and its tag, if some visible entity names the project.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let Some((path, tag)) = key.split_once('@') else { return Ok(None) };
        let Some(project) = visible_key(ctx, path).await? else { return Ok(None) };
        let Some(gitlab) = RequestData::of(ctx).sources().gitlab() else { return Ok(None) };
        let record = gitlab.release(&project, tag).await.or_field_error()?;
        Ok(record.map(|record| Self { path: path.to_owned(), record }))
    }
}

/// A released version of a repository.
#[Object]
impl Release {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("Release", format_args!("{}@{}", self.path, self.record.tag)).encode())
    }
    /// The Git tag.
    async fn tag(&self) -> &str {
        &self.record.tag
    }
    /// Its name, for people to read.
    async fn name(&self) -> Option<&str> {
        self.record.name.as_deref()
    }
    /// Release notes, in Markdown.
    async fn description(&self) -> Option<&str> {
        self.record.description.as_deref()
    }
    /// When it was or will be published.
    async fn published_at(&self) -> Option<DateTime> {
        self.record.published_at
    }
    /// The commit of its tag.
    async fn commit_sha(&self) -> Option<&str> {
        self.record.commit_sha.as_deref()
    }
    /// Its page in GitLab.
    async fn web_url(&self) -> Option<WebUrl> {
        self.record.web_url.clone()
    }
}

live_connection!(ReleaseConnection, ReleaseEdge, Release, "A page of releases.", "An item of a page of releases.");
