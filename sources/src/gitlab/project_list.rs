//! Projects of groups and their files over REST, for discovery.

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use schema::SourceKind;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{client::Client, wire::Nodes};
use crate::SourceError;

/// Rows of a page: the most that GitLab gives.
pub(super) const PAGE_ROWS: usize = 100;

/// A project as lists show it. Everything may be null.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ListedProject {
    pub(crate) id: i64,
    #[serde(rename = "path_with_namespace")]
    pub(crate) full_path: String,
    pub(crate) web_url: Option<String>,
    pub(crate) default_branch: Option<String>,
    pub(crate) archived: Option<bool>,
    #[serde(default)]
    pub(crate) topics: Vec<String>,
    pub(crate) last_activity_at: Option<DateTime<Utc>>,
}

/// A project, and which content a file of it has; none without the file.
#[derive(Debug, Clone)]
pub(crate) struct FoundProject {
    pub(crate) project: ListedProject,
    pub(crate) blob_id: Option<String>,
}

#[derive(Deserialize)]
struct FoundProjects {
    projects: Option<Nodes<FoundNode>>,
}

/// As GraphQL writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundNode {
    id: String,
    full_path: String,
    web_url: Option<String>,
    archived: Option<bool>,
    #[serde(default)]
    topics: Option<Vec<String>>,
    repository: Option<FoundRepository>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundRepository {
    root_ref: Option<String>,
    blobs: Option<Nodes<FoundBlob>>,
}

#[derive(Deserialize)]
struct FoundBlob {
    oid: Option<String>,
}

impl FoundNode {
    /// None without a number that can be read.
    fn into_found(self) -> Option<FoundProject> {
        let (default_branch, blobs) =
            self.repository.map_or((None, None), |repository| (repository.root_ref, repository.blobs));
        let project = ListedProject {
            id: self.id.rsplit('/').next()?.parse().ok()?,
            full_path: self.full_path,
            web_url: self.web_url,
            default_branch,
            archived: self.archived,
            topics: self.topics.unwrap_or_default(),
            // Here GitLab tells it in whole seconds, which compare with none of the lists.
            last_activity_at: None,
        };
        Some(FoundProject { project, blob_id: blobs.and_then(|blobs| blobs.into_items().next()?.oid) })
    }
}

/// In which order projects are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListOrder {
    /// Those that were active last come first.
    LastActive,
    /// By number, which never changes.
    Id,
}

/// A file of a project as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundFile {
    /// Its bytes, and what Git calls them.
    Content {
        /// The bytes.
        bytes: Vec<u8>,
        /// Where GitLab tells it.
        blob_id: Option<String>,
    },
    /// There is no such file, branch or project.
    Missing,
}

impl Client {
    /// A page of a group's projects, those of groups below included, and whether there is another one; none when there is no such
    /// group.
    pub(crate) async fn group_projects(
        &self,
        group: &str,
        order: ListOrder,
        page: u32,
    ) -> Result<Option<(Vec<ListedProject>, bool)>, SourceError> {
        let mut url = self.rest(&["groups", group, "projects"])?;
        let (order_by, sort) = match order {
            ListOrder::LastActive => ("last_activity_at", "desc"),
            ListOrder::Id => ("id", "asc"),
        };
        url.query_pairs_mut()
            .append_pair("include_subgroups", "true")
            // What other groups share is theirs.
            .append_pair("with_shared", "false")
            .append_pair("order_by", order_by)
            .append_pair("sort", sort)
            .append_pair("per_page", &PAGE_ROWS.to_string())
            .append_pair("page", &page.to_string());
        let ask = |client: &reqwest::Client| self.authorized(client.get(url.clone()));
        let answer = self.upstream().send("projects", ask, &[StatusCode::NOT_FOUND]).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let projects: Vec<ListedProject> = answer.json()?;
        let has_more = projects.len() >= PAGE_ROWS;
        Ok(Some((projects, has_more)))
    }

    /// Projects by their numbers, at most [`PATHS_MAX`], with what Git calls the content of one file; absent are those that the
    /// token may not see.
    pub(crate) async fn projects_by_ids(
        &self,
        ids: &[i64],
        path: &str,
        branch: Option<&str>,
    ) -> Result<Vec<FoundProject>, SourceError> {
        let ids: Vec<String> = ids.iter().map(|id| format!("gid://gitlab/Project/{id}")).collect();
        let variables = json!({ "ids": ids, "paths": [path], "ref": branch });
        let found: FoundProjects =
            self.query("projects_by_ids", include_str!("projects_by_ids.graphql"), variables).await?;
        let projects =
            found.projects.ok_or_else(|| SourceError::protocol(SourceKind::Gitlab, "it left out `projects`"))?;
        Ok(projects.into_items().filter_map(FoundNode::into_found).collect())
    }

    /// A project by its number; none when there is none that the token may see.
    pub(crate) async fn project_by_id(&self, id: i64) -> Result<Option<ListedProject>, SourceError> {
        let url = self.rest(&["projects", &id.to_string()])?;
        let ask = |client: &reqwest::Client| self.authorized(client.get(url.clone()));
        let answer = self.upstream().send("project", ask, &[StatusCode::NOT_FOUND]).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        answer.json().map(Some)
    }

    /// A file of a branch, or of the default branch.
    pub(crate) async fn file(&self, id: i64, path: &str, branch: Option<&str>) -> Result<FoundFile, SourceError> {
        let mut url = self.rest(&["projects", &id.to_string(), "repository", "files", path, "raw"])?;
        url.query_pairs_mut().append_pair("ref", branch.unwrap_or("HEAD"));
        let ask = |client: &reqwest::Client| self.authorized(client.get(url.clone()));
        // A file is no JSON.
        let answer = self.upstream().send("file", ask, &[StatusCode::OK, StatusCode::NOT_FOUND]).await?;
        Ok(match answer.status {
            StatusCode::NOT_FOUND => FoundFile::Missing,
            _ => {
                let blob_id = answer.header("x-gitlab-blob-id").map(str::to_owned);
                FoundFile::Content { bytes: answer.bytes().to_vec(), blob_id }
            }
        })
    }

    /// The page of a group.
    pub(crate) fn group_page(&self, group: &str) -> String {
        format!("{}{group}", self.base_url())
    }

    /// An address of the REST API; slashes within a segment are a part of the name.
    pub(super) fn rest(&self, segments: &[&str]) -> Result<Url, SourceError> {
        let mut url = self.base_url().clone();
        url.path_segments_mut()
            .map_err(|()| SourceError::protocol(SourceKind::Gitlab, "its address takes no path"))?
            .pop_if_empty()
            .extend(["api", "v4"])
            .extend(segments);
        Ok(url)
    }
}
