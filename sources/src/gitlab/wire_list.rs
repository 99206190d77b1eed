//! GitLab's JSON of lists: pipelines, merge requests, releases, jobs and files.

use chrono::{DateTime, Utc};
use schema::{MergeRequestRecord, MergeRequestState, PipelineJobSummary, ReleaseRecord, WebUrl};
use serde::Deserialize;
use url::Url;

use super::{
    list::{Item, ListPart},
    partial::OfProject,
    wire::{Nodes, Pipeline},
};

/// Names that are told of failed jobs.
const FAILED_NAMES_MAX: usize = 20;

/// A connection with its cursors.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Edges<T> {
    #[serde(default = "Option::default")]
    edges: Option<Vec<Option<Edge<T>>>>,
    #[serde(default)]
    page_info: Option<PageInfo>,
    count: Option<i32>,
}

#[derive(Debug, Deserialize)]
struct Edge<T> {
    cursor: Option<String>,
    node: Option<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    #[serde(default)]
    pub(super) has_next_page: Option<bool>,
    pub(super) end_cursor: Option<String>,
}

impl<T> Edges<T> {
    /// A part of a list; items without a cursor cannot be gone on from and are left out.
    pub(super) fn into_part(self, item: impl Fn(T) -> Option<Item>) -> ListPart {
        let edges = self.edges.unwrap_or_default().into_iter().flatten();
        let items = edges.filter_map(|edge| Some((edge.cursor?, item(edge.node?)?))).collect();
        let has_next = self.page_info.and_then(|info| info.has_next_page) == Some(true);
        ListPart { items, has_next, count: self.count }
    }
}

/// A project with the part of its lists that was asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedProject {
    full_path: String,
    pub(super) pipelines: Option<Edges<Pipeline>>,
    pub(super) releases: Option<Edges<Release>>,
    pub(super) all: Option<Edges<MergeRequest>>,
    pub(super) opened: Option<Edges<MergeRequest>>,
    pub(super) closed: Option<Edges<MergeRequest>>,
    pub(super) locked: Option<Edges<MergeRequest>>,
    pub(super) merged: Option<Edges<MergeRequest>>,
}

/// A merge request, as GraphQL and REST write it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MergeRequest {
    iid: Option<Iid>,
    title: Option<String>,
    state: Option<String>,
    author: Option<User>,
    #[serde(alias = "created_at")]
    created_at: Option<DateTime<Utc>>,
    #[serde(alias = "updated_at")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(alias = "merged_at")]
    merged_at: Option<DateTime<Utc>>,
    #[serde(alias = "web_url")]
    web_url: Option<String>,
}

/// A number within a project: a text in GraphQL.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Iid {
    Number(i32),
    Text(String),
}

impl Iid {
    fn number(&self) -> Option<i32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct User {
    username: Option<String>,
}

impl MergeRequest {
    /// The record; none without a number.
    pub(super) fn into_record(self) -> Option<MergeRequestRecord> {
        Some(MergeRequestRecord {
            number: self.iid?.number()?,
            title: self.title.unwrap_or_default(),
            state: match self.state.as_deref() {
                Some("opened") => MergeRequestState::Opened,
                Some("closed") => MergeRequestState::Closed,
                Some("locked") => MergeRequestState::Locked,
                Some("merged") => MergeRequestState::Merged,
                _ => MergeRequestState::Unknown,
            },
            author: self.author.and_then(|author| author.username),
            created_at: self.created_at.map(Into::into),
            updated_at: self.updated_at.map(Into::into),
            merged_at: self.merged_at.map(Into::into),
            web_url: self.web_url.as_deref().and_then(WebUrl::read),
        })
    }
}

/// A release.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Release {
    tag_name: Option<String>,
    name: Option<String>,
    description: Option<String>,
    released_at: Option<DateTime<Utc>>,
    commit: Option<Commit>,
    links: Option<Links>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    sha: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Links {
    self_url: Option<String>,
}

impl Release {
    /// The record; none without a tag.
    pub(super) fn into_record(self) -> Option<ReleaseRecord> {
        Some(ReleaseRecord {
            tag: self.tag_name?,
            name: self.name,
            description: self.description.filter(|text| !text.is_empty()),
            published_at: self.released_at.map(Into::into),
            commit_sha: self.commit.and_then(|commit| commit.sha),
            web_url: self.links.and_then(|links| WebUrl::read(&links.self_url?)),
        })
    }
}

/// A project with its pipeline's jobs, merge request or release.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OneOf {
    pub(super) pipeline: Option<JobsOfPipeline>,
    pub(super) merge_request: Option<MergeRequest>,
    pub(super) release: Option<Release>,
}

#[derive(Debug, Deserialize)]
pub(super) struct JobsOfPipeline {
    pub(super) jobs: Option<Jobs>,
}

/// A page of jobs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Jobs {
    nodes: Option<Vec<Option<Job>>>,
    #[serde(default)]
    pub(super) page_info: Option<PageInfo>,
}

#[derive(Debug, Deserialize)]
struct Job {
    name: Option<String>,
    status: Option<String>,
}

impl Jobs {
    /// Adds this page to what is counted. A state that is not known counts among all jobs only.
    pub(super) fn add_to(self, summary: &mut PipelineJobSummary) {
        for job in self.nodes.unwrap_or_default().into_iter().flatten() {
            summary.total += 1;
            match job.status.as_deref().unwrap_or_default() {
                "CREATED"
                | "WAITING_FOR_RESOURCE"
                | "PREPARING"
                | "WAITING_FOR_CALLBACK"
                | "PENDING"
                | "MANUAL"
                | "SCHEDULED" => summary.waiting += 1,
                "RUNNING" | "CANCELING" => summary.running += 1,
                "SUCCESS" => summary.success += 1,
                "CANCELED" => summary.canceled += 1,
                "SKIPPED" => summary.skipped += 1,
                "FAILED" => {
                    summary.failed += 1;
                    if summary.failed_names.len() < FAILED_NAMES_MAX {
                        summary.failed_names.extend(job.name);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A project with files of its default branch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FilesOfProject {
    full_path: String,
    pub(super) repository: Option<Files>,
}

impl OfProject for ListedProject {
    fn full_path(&self) -> &str {
        &self.full_path
    }
}

impl OfProject for FilesOfProject {
    fn full_path(&self) -> &str {
        &self.full_path
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Files {
    pub(super) blobs: Option<Nodes<Blob>>,
}

/// A file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    pub(super) path: Option<String>,
    pub(super) raw_blob: Option<String>,
}

/// The items of one connection as parts of a list.
pub(super) fn pipelines(edges: Edges<Pipeline>, base_url: &Url) -> ListPart {
    edges.into_part(|pipeline| Some(Item::Pipeline(pipeline.into_record(base_url))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_merge_request_loses_nothing() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../shared/contracts/gitlab/rest-examples-gitlab4j/merge-request.json"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: {path} is not there");
            return;
        };
        let request: MergeRequest = serde_json::from_str(&text).unwrap();
        let record = request.into_record().unwrap();
        assert!(record.number > 0 && !record.title.is_empty(), "{record:?}");
        assert_ne!(record.state, schema::MergeRequestState::Unknown);
        assert!(record.author.is_some() && record.created_at.is_some(), "{record:?}");
    }
}
