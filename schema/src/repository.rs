//! Records of GitLab: a project and its newest pipeline, as read live.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::{DateTime, WebUrl};

/// A GitLab project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepositoryRecord {
    /// Its full path, such as `payments/payments-api`.
    pub path: String,
    /// Its name, for people to read.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Its page in GitLab.
    pub web_url: Option<WebUrl>,
    /// Its default branch; none when it is empty.
    pub default_branch: Option<String>,
    /// Its topics.
    pub topics: Option<Vec<String>>,
    /// Who can see it in GitLab.
    pub visibility: RepositoryVisibility,
    /// It is read-only for good.
    pub is_archived: Option<bool>,
    /// Its languages, largest share first.
    pub languages: Option<Vec<RepositoryLanguage>>,
    /// When anything last happened in it.
    pub last_activity_at: Option<DateTime>,
    /// Merge requests that are open.
    pub open_merge_request_count: Option<i32>,
    /// The newest pipeline of the default branch.
    pub latest_pipeline: Option<PipelineRecord>,
}

/// Who can see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum RepositoryVisibility {
    /// Everyone.
    Public,
    /// Everyone who is signed in to GitLab.
    Internal,
    /// Its members.
    Private,
    /// Something that Weft does not know.
    Unknown,
}

/// A language's share of a repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
pub struct RepositoryLanguage {
    /// The language.
    pub name: String,
    /// Its share of the code, 0 to 1.
    pub share: f64,
}

/// A run of a repository's CI/CD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PipelineRecord {
    /// GitLab's own global id.
    pub gid: String,
    /// Its number within the project.
    pub number: Option<i32>,
    /// How it stands.
    pub status: PipelineStatus,
    /// The same in the upstream's own word.
    pub upstream_status: String,
    /// The branch, tag or merge request it runs for.
    pub git_ref: Option<String>,
    /// The commit it runs for.
    pub commit_sha: Option<String>,
    /// What started it, such as `push`, `schedule` or `merge_request_event`.
    pub trigger: Option<String>,
    /// When it was created.
    pub created_at: Option<DateTime>,
    /// When it began to run.
    pub started_at: Option<DateTime>,
    /// When it ended.
    pub finished_at: Option<DateTime>,
    /// How long it ran, or has run so far.
    pub duration_seconds: Option<f64>,
    /// Its page in GitLab.
    pub web_url: Option<WebUrl>,
}

/// How a pipeline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum PipelineStatus {
    /// Created; nothing has run.
    Created,
    /// Waits for a resource that another pipeline holds.
    WaitingForResource,
    /// Is being set up.
    Preparing,
    /// Waits for a runner.
    Pending,
    /// Runs.
    Running,
    /// All that had to succeed did.
    Success,
    /// A job that had to succeed failed.
    Failed,
    /// Is being canceled.
    Canceling,
    /// Was canceled.
    Canceled,
    /// Was left out.
    Skipped,
    /// Waits for someone to start a job.
    Manual,
    /// Waits for its time.
    Scheduled,
    /// A state that Weft does not know.
    Unknown,
}
