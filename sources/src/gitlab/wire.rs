//! GitLab's JSON, as far as we read it. Everything may be null and every enumeration is open.

use chrono::{DateTime, Utc};
use schema::{
    PipelineRecord, PipelineStatus, RepositoryLanguage, RepositoryRecord, RepositoryVisibility, SourceKind, WebUrl,
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::partial::OfProject;
use crate::SourceError;

/// An answer of the GraphQL endpoint.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<T> {
    #[serde(default = "Option::default")]
    pub(super) data: Option<T>,
    #[serde(default)]
    pub(super) errors: Vec<Fault>,
}

/// An entry of `errors`.
#[derive(Debug, Deserialize)]
pub(super) struct Fault {
    #[serde(default)]
    message: String,
    /// Where in the data it happened; none where the whole query was refused.
    path: Option<Vec<Value>>,
}

impl Fault {
    /// Longest part of GitLab's own words that is told, in letters.
    const LETTERS_MAX: usize = 300;

    /// As an error of the source.
    pub(super) fn to_error(&self) -> SourceError {
        let message: String = self.message.chars().take(Self::LETTERS_MAX).collect();
        SourceError::protocol(SourceKind::Gitlab, message)
    }

    /// The place among `projects` that it happened at.
    pub(super) fn project(&self) -> Option<usize> {
        match self.path.as_deref()? {
            [root, nodes, at, ..] if root == "projects" && nodes == "nodes" => usize::try_from(at.as_u64()?).ok(),
            _ => None,
        }
    }

    /// The field of the root, as it is called in the answer, that it happened below.
    pub(super) fn alias(&self) -> Option<String> {
        self.path.as_deref()?.first()?.as_str().map(str::to_owned)
    }
}

/// `projects` of a query.
#[derive(Debug, Deserialize)]
pub(super) struct Projects<T> {
    // Without this serde wants T to have a default.
    #[serde(default = "Option::default")]
    pub(super) projects: Option<Nodes<T>>,
}

/// What GitLab says of a token to its bearer.
#[derive(Debug, Deserialize)]
pub(super) struct Token {
    pub(super) scopes: Option<Vec<String>>,
}

/// `metadata` of the probe.
#[derive(Debug, Deserialize)]
pub(super) struct Probe {
    pub(super) metadata: Option<Metadata>,
}

/// What GitLab says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) version: Option<String>,
}

/// `project` of the query for one pipeline.
#[derive(Debug, Deserialize)]
pub(super) struct ProjectPipeline {
    pub(super) project: Option<OnePipeline>,
}

/// A project with the pipeline that was asked for.
#[derive(Debug, Deserialize)]
pub(super) struct OnePipeline {
    pub(super) pipeline: Option<Pipeline>,
}

/// A connection.
#[derive(Debug, Deserialize)]
pub(super) struct Nodes<T> {
    #[serde(default = "Option::default")]
    pub(super) nodes: Option<Vec<Option<T>>>,
}

impl<T> Nodes<T> {
    /// The items that are there.
    pub(super) fn into_items(self) -> impl Iterator<Item = T> {
        self.nodes.unwrap_or_default().into_iter().flatten()
    }
}

/// A project.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Project {
    pub(super) full_path: String,
    name: Option<String>,
    description: Option<String>,
    web_url: Option<String>,
    visibility: Option<String>,
    archived: Option<bool>,
    topics: Option<Vec<String>>,
    last_activity_at: Option<DateTime<Utc>>,
    languages: Option<Vec<Language>>,
    repository: Option<GitRepository>,
    open_merge_requests_count: Option<i32>,
    main: Option<Nodes<Pipeline>>,
    master: Option<Nodes<Pipeline>>,
    branch: Option<Nodes<Pipeline>>,
}

/// A language; `share` is in percent.
#[derive(Debug, Deserialize)]
struct Language {
    name: Option<String>,
    share: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GitRepository {
    root_ref: Option<String>,
}

/// A pipeline.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pipeline {
    id: String,
    iid: Option<String>,
    status: Option<String>,
    r#ref: Option<String>,
    sha: Option<String>,
    source: Option<String>,
    created_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    duration: Option<f64>,
    path: Option<String>,
}

impl OfProject for Project {
    fn full_path(&self) -> &str {
        &self.full_path
    }
}

impl Project {
    /// The default branch, where it is not one whose pipelines every query asks for.
    pub(super) fn unusual_branch(&self) -> Option<&str> {
        let branch = self.repository.as_ref()?.root_ref.as_deref()?;
        (!matches!(branch, "main" | "master")).then_some(branch)
    }

    /// The newest pipeline of the branch that was asked for by name.
    pub(super) fn into_branch_pipeline(self, base_url: &Url) -> Option<PipelineRecord> {
        self.branch?.into_items().next().map(|pipeline| pipeline.into_record(base_url))
    }

    /// The record. Pipelines of an unusual default branch are not in it.
    pub(super) fn into_record(self, base_url: &Url) -> RepositoryRecord {
        let default_branch = self.repository.and_then(|repository| repository.root_ref);
        let pipelines = match default_branch.as_deref() {
            Some("main") => self.main,
            Some("master") => self.master,
            _ => None,
        };
        let mut languages: Option<Vec<RepositoryLanguage>> =
            self.languages.map(|languages| languages.into_iter().filter_map(Language::into_record).collect());
        if let Some(languages) = &mut languages {
            languages.sort_by(|a, b| b.share.total_cmp(&a.share).then_with(|| a.name.cmp(&b.name)));
        }
        RepositoryRecord {
            name: self.name.unwrap_or_else(|| last_segment(&self.full_path).to_owned()),
            path: self.full_path,
            description: self.description.filter(|text| !text.is_empty()),
            web_url: self.web_url.as_deref().and_then(WebUrl::read),
            default_branch,
            topics: self.topics,
            visibility: match self.visibility.as_deref() {
                Some("public") => RepositoryVisibility::Public,
                Some("internal") => RepositoryVisibility::Internal,
                Some("private") => RepositoryVisibility::Private,
                _ => RepositoryVisibility::Unknown,
            },
            is_archived: self.archived,
            languages,
            last_activity_at: self.last_activity_at.map(Into::into),
            open_merge_request_count: self.open_merge_requests_count,
            latest_pipeline: pipelines
                .and_then(|pipelines| pipelines.into_items().next())
                .map(|pipeline| pipeline.into_record(base_url)),
        }
    }
}

impl Language {
    fn into_record(self) -> Option<RepositoryLanguage> {
        let share = self.share.filter(|share| share.is_finite())? / 100.0;
        Some(RepositoryLanguage { name: self.name?, share })
    }
}

impl Pipeline {
    /// The record; `path` becomes an absolute address.
    pub(super) fn into_record(self, base_url: &Url) -> PipelineRecord {
        let upstream_status = self.status.unwrap_or_default();
        PipelineRecord {
            gid: self.id,
            number: self.iid.and_then(|iid| iid.parse().ok()),
            status: status(&upstream_status),
            upstream_status,
            git_ref: self.r#ref,
            commit_sha: self.sha,
            trigger: self.source,
            created_at: self.created_at.map(Into::into),
            started_at: self.started_at.map(Into::into),
            finished_at: self.finished_at.map(Into::into),
            duration_seconds: self.duration.filter(|duration| duration.is_finite()),
            web_url: self
                .path
                .filter(|path| path.starts_with('/') && !path.starts_with("//"))
                .and_then(|path| base_url.join(&path).ok())
                .map(|url| WebUrl(url.into())),
        }
    }
}

fn status(word: &str) -> PipelineStatus {
    match word {
        "CREATED" => PipelineStatus::Created,
        "WAITING_FOR_RESOURCE" => PipelineStatus::WaitingForResource,
        "PREPARING" => PipelineStatus::Preparing,
        "PENDING" => PipelineStatus::Pending,
        "RUNNING" => PipelineStatus::Running,
        "SUCCESS" => PipelineStatus::Success,
        "FAILED" => PipelineStatus::Failed,
        "CANCELING" => PipelineStatus::Canceling,
        "CANCELED" => PipelineStatus::Canceled,
        "SKIPPED" => PipelineStatus::Skipped,
        "MANUAL" => PipelineStatus::Manual,
        "SCHEDULED" => PipelineStatus::Scheduled,
        _ => PipelineStatus::Unknown,
    }
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
