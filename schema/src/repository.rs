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

impl PipelineStatus {
    /// It has ended, for good.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Canceled | Self::Skipped)
    }
}

/// A pipeline's jobs by status; retried jobs count once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, SimpleObject)]
pub struct PipelineJobSummary {
    /// All jobs.
    pub total: i32,
    /// Not started: created, pending, scheduled or manual.
    pub waiting: i32,
    /// Running.
    pub running: i32,
    /// Succeeded.
    pub success: i32,
    /// Failed, also where failure is allowed.
    pub failed: i32,
    /// Canceled.
    pub canceled: i32,
    /// Left out.
    pub skipped: i32,
    /// Names of failed jobs; at most 20.
    pub failed_names: Vec<String>,
}

/// A change that is proposed for a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeRequestRecord {
    /// Its number within the project.
    pub number: i32,
    /// Its title.
    pub title: String,
    /// How it stands.
    pub state: MergeRequestState,
    /// User name of its author in GitLab.
    pub author: Option<String>,
    /// When it was opened.
    pub created_at: Option<DateTime>,
    /// When anything last changed in it; lists are in this order.
    pub updated_at: Option<DateTime>,
    /// When it was merged.
    pub merged_at: Option<DateTime>,
    /// Its page in GitLab.
    pub web_url: Option<WebUrl>,
}

/// How a merge request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Enum)]
pub enum MergeRequestState {
    /// Open.
    Opened,
    /// Closed without a merge.
    Closed,
    /// Closed to new comments and changes while it merges.
    Locked,
    /// Merged.
    Merged,
    /// A state that Weft does not know.
    Unknown,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitRecord {
    /// Its full hash.
    pub sha: String,
    /// First line of its message.
    pub title: Option<String>,
    /// Name of its author, as recorded in it.
    pub author_name: Option<String>,
    /// When it was written.
    pub authored_at: Option<DateTime>,
    /// Its page in GitLab.
    pub web_url: Option<WebUrl>,
}

/// A released version of a repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleaseRecord {
    /// The Git tag.
    pub tag: String,
    /// Its name, for people to read.
    pub name: Option<String>,
    /// Release notes, in Markdown.
    pub description: Option<String>,
    /// When it was or will be published.
    pub published_at: Option<DateTime>,
    /// The commit of its tag.
    pub commit_sha: Option<String>,
    /// Its page in GitLab.
    pub web_url: Option<WebUrl>,
}

/// The CODEOWNERS file of a default branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "CodeOwners")]
pub struct CodeOwnersRecord {
    /// The file's path.
    pub path: String,
    /// Its rules in file order, the last match wins; at most 500.
    pub rules: Vec<CodeOwnersRule>,
}

/// One rule of a CODEOWNERS file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct CodeOwnersRule {
    /// Which paths.
    pub pattern: String,
    /// Their owners as written: `@user`, `@group` or an address.
    pub owners: Vec<String>,
    /// The section that the rule stands in.
    pub section: Option<String>,
}
