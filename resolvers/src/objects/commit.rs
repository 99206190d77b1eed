//! `Commit`: a commit of a repository, read live.

use async_graphql::{Context, ID, Object};
use schema::{CommitRecord, DateTime, NodeId, WebUrl};
use sources::gitlab::{CommitKey, Item, RepositoryKey};

use super::{gitlab_list::live_connection, repository::visible_key};
use crate::{error::Result, request::RequestData};

/// A commit.
#[derive(Clone)]
pub struct Commit {
    path: String,
    record: CommitRecord,
}

impl Commit {
    fn from_item(key: &RepositoryKey, item: &Item) -> Option<Self> {
        match item {
            Item::Commit(record) => Some(Self { path: key.path().to_owned(), record: record.clone() }),
            _ => None,
        }
    }

    /// The commit of a project; none when there is no such.
    pub async fn load(ctx: &Context<'_>, repository: RepositoryKey, sha: &str) -> Result<Option<Self>> {
        let Some(key) = CommitKey::new(repository, sha) else { return Ok(None) };
        let path = key.repository().path().to_owned();
        let record = RequestData::of(ctx).live(ctx, key).await?;
        Ok(record.map(|record| Self { path, record: CommitRecord::clone(&record) }))
    }

    /// The commit with this key, the path of its project and its hash, if some visible entity names the project.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let Some((path, sha)) = key.rsplit_once('@') else { return Ok(None) };
        match visible_key(ctx, path).await? {
            Some(repository) => Self::load(ctx, repository, sha).await,
            None => Ok(None),
        }
    }
}

/// A commit.
#[Object]
impl Commit {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("Commit", format_args!("{}@{}", self.path, self.record.sha)).encode())
    }
    /// Its full hash.
    async fn sha(&self) -> &str {
        &self.record.sha
    }
    /// First line of its message.
    async fn title(&self) -> Option<&str> {
        self.record.title.as_deref()
    }
    /// Name of its author, as recorded in it.
    async fn author_name(&self) -> Option<&str> {
        self.record.author_name.as_deref()
    }
    /// When it was written.
    async fn authored_at(&self) -> Option<DateTime> {
        self.record.authored_at
    }
    /// Its page in GitLab.
    async fn web_url(&self) -> Option<WebUrl> {
        self.record.web_url.clone()
    }
}

live_connection!(CommitConnection, CommitEdge, Commit, "A page of commits.", "An item of a page of commits.");
