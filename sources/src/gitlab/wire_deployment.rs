//! GitLab's JSON of deployments, as its REST API writes it. Everything may be null and every enumeration is open.

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// A deployment.
#[derive(Debug, Deserialize)]
pub(super) struct Deployment {
    pub(super) id: Option<u64>,
    #[serde(rename = "ref")]
    pub(super) git_ref: Option<String>,
    pub(super) sha: Option<String>,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) updated_at: Option<DateTime<Utc>>,
    pub(super) status: Option<String>,
    pub(super) user: Option<User>,
    pub(super) environment: Option<Environment>,
    pub(super) deployable: Option<Deployable>,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) username: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Environment {
    pub(super) name: Option<String>,
    pub(super) external_url: Option<String>,
    pub(super) tier: Option<String>,
}

/// The job that did it; a deployment that was made through the API has none.
#[derive(Debug, Deserialize)]
pub(super) struct Deployable {
    pub(super) tag: Option<bool>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
    pub(super) web_url: Option<String>,
    pub(super) commit: Option<Commit>,
    pub(super) pipeline: Option<Pipeline>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) committed_date: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pipeline {
    pub(super) id: Option<u64>,
}

impl Deployment {
    /// The tag that was deployed; a branch is no version.
    pub(super) fn version(&self) -> Option<String> {
        let is_tag = self.deployable.as_ref().and_then(|job| job.tag).unwrap_or(false);
        self.git_ref.clone().filter(|_| is_tag)
    }
}

impl Deployable {
    /// When its commit was made.
    pub(super) fn committed_at(&self) -> Option<DateTime<Utc>> {
        let commit = self.commit.as_ref()?;
        commit.committed_date.or(commit.created_at)
    }
}
