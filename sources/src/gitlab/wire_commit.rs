//! GitLab's JSON of commits, as GraphQL and REST write it.

use chrono::{DateTime, Utc};
use schema::{CommitRecord, WebUrl};
use serde::Deserialize;

/// A commit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Commit {
    #[serde(alias = "id")]
    sha: Option<String>,
    title: Option<String>,
    #[serde(alias = "author_name")]
    author_name: Option<String>,
    #[serde(alias = "authored_date")]
    authored_date: Option<DateTime<Utc>>,
    #[serde(alias = "web_url")]
    web_url: Option<String>,
}

impl Commit {
    /// The record; none without a hash.
    pub(super) fn into_record(self) -> Option<CommitRecord> {
        Some(CommitRecord {
            sha: self.sha?,
            title: self.title,
            author_name: self.author_name,
            authored_at: self.authored_date.map(Into::into),
            web_url: self.web_url.as_deref().and_then(WebUrl::read),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_commit_loses_nothing() {
        let path =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/contracts/gitlab/rest-examples-gitlab4j/commit.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: {path} is not there");
            return;
        };
        let commit: Commit = serde_json::from_str(&text).unwrap();
        let record = commit.into_record().unwrap();
        assert_eq!(record.sha, "6104942438c14ec7bd21c6cd5bd995272b3faff6");
        assert_eq!(record.title.as_deref(), Some("Sanitize for network graph"));
        assert_eq!(record.author_name.as_deref(), Some("randx"));
        assert_eq!(record.authored_at.unwrap().0.to_rfc3339(), "2012-09-20T06:06:12+00:00");
        assert!(record.web_url.is_some());
    }
}
