//! GitLab's JSON of commits and merge requests, as its REST API writes it.

use chrono::{DateTime, Utc};
use schema::{CommitRecord, MergeRequestRecord, WebUrl};
use serde::Deserialize;

use super::wire_list::state;

/// A commit.
#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    id: Option<String>,
    title: Option<String>,
    author_name: Option<String>,
    authored_date: Option<DateTime<Utc>>,
    created_at: Option<DateTime<Utc>>,
    web_url: Option<String>,
}

impl Commit {
    /// The record; none without a hash.
    pub(super) fn into_record(self) -> Option<CommitRecord> {
        Some(CommitRecord {
            sha: self.id?,
            title: self.title,
            author_name: self.author_name,
            authored_at: self.authored_date.or(self.created_at).map(Into::into),
            web_url: self.web_url.as_deref().and_then(WebUrl::read),
        })
    }
}

/// A merge request.
#[derive(Debug, Deserialize)]
pub(super) struct MergeRequest {
    iid: Option<i32>,
    title: Option<String>,
    state: Option<String>,
    author: Option<User>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    merged_at: Option<DateTime<Utc>>,
    web_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct User {
    username: Option<String>,
}

impl MergeRequest {
    /// The record; none without a number.
    pub(super) fn into_record(self) -> Option<MergeRequestRecord> {
        Some(MergeRequestRecord {
            number: self.iid?,
            title: self.title.unwrap_or_default(),
            state: state(self.state.as_deref()),
            author: self.author.and_then(|author| author.username),
            created_at: self.created_at.map(Into::into),
            updated_at: self.updated_at.map(Into::into),
            merged_at: self.merged_at.map(Into::into),
            web_url: self.web_url.as_deref().and_then(WebUrl::read),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn example<T: DeserializeOwned>(name: &str) -> Option<T> {
        let folder = "../../shared/contracts/gitlab/rest-examples-gitlab4j";
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: {} is not there", path.display());
            return None;
        };
        Some(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn the_documented_commit_loses_nothing() {
        let Some(commit) = example::<Commit>("commit.json") else { return };
        let record = commit.into_record().unwrap();
        assert_eq!(record.sha, "6104942438c14ec7bd21c6cd5bd995272b3faff6");
        assert_eq!(record.title.as_deref(), Some("Sanitize for network graph"));
        assert_eq!(record.author_name.as_deref(), Some("randx"));
        assert_eq!(record.authored_at.unwrap().0.to_rfc3339(), "2012-09-20T06:06:12+00:00");
        assert!(record.web_url.is_some());
    }

    #[test]
    fn the_documented_merge_request_loses_nothing() {
        let Some(request) = example::<MergeRequest>("merge-request.json") else { return };
        let record = request.into_record().unwrap();
        assert!(record.number > 0 && !record.title.is_empty(), "{record:?}");
        assert_ne!(record.state, schema::MergeRequestState::Unknown);
        assert!(record.author.is_some() && record.created_at.is_some(), "{record:?}");
    }
}
