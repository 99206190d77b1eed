//! Single commits by their hash: those of twenty deployments are one call.

use schema::CommitRecord;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{RepositoryKey, client::Client, wire_commit::Commit};
use crate::SourceError;

/// Commits of one call: each costs at most 11 of the 250 points that GitLab allows.
pub(super) const COMMITS_MAX: usize = 20;

/// A commit of a project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommitKey {
    pub(super) repository: RepositoryKey,
    pub(super) sha: String,
}

impl CommitKey {
    /// The commit with this hash; none when it is no full hash.
    pub fn new(repository: RepositoryKey, sha: &str) -> Option<Self> {
        is_hash(sha).then(|| Self { repository, sha: sha.to_ascii_lowercase() })
    }

    /// Where it lies.
    pub fn repository(&self) -> &RepositoryKey {
        &self.repository
    }
}

/// Whether it is a hash of Git's: SHA-1 or SHA-256. Anything else could name a branch or a range.
pub(super) fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[derive(Deserialize)]
struct Project {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    tree: Option<Tree>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tree {
    last_commit: Option<Commit>,
}

impl Client {
    /// These commits, at most [`COMMITS_MAX`], each named by project and hash; in their order, none where there is no such.
    pub(super) async fn commits(
        &self,
        commits: &[(String, String)],
    ) -> Result<Vec<Result<Option<CommitRecord>, SourceError>>, SourceError> {
        let (mut head, mut body) = (Vec::new(), String::new());
        let mut variables = Map::new();
        for (at, (path, sha)) in commits.iter().enumerate() {
            head.push(format!("$path{at}: ID!, $sha{at}: String"));
            // GraphQL gives no commit by its hash, but what the tree at a hash ends with.
            body.push_str(&format!(
                "c{at}: project(fullPath: $path{at}) {{ repository {{ tree(ref: $sha{at}) \
                 {{ lastCommit {{ sha title authorName authoredDate webUrl }} }} }} }} "
            ));
            variables.insert(format!("path{at}"), json!(path));
            variables.insert(format!("sha{at}"), json!(sha));
        }
        let query = format!("query WeftCommits({}) {{ {body}}}", head.join(", "));
        let mut found = self.by_alias::<Project>("commits", &query, Value::Object(variables)).await?;
        let record = |(at, (_, sha)): (usize, &(String, String))| {
            let project = found.remove(&format!("c{at}")).transpose()?;
            let commit = project.and_then(|project| project.repository?.tree?.last_commit?.into_record());
            Ok(commit.filter(|commit| commit.sha == *sha))
        };
        Ok(commits.iter().enumerate().map(record).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hashes_are_sent() {
        assert!(is_hash(&"a1".repeat(20)) && is_hash(&"0F".repeat(32)));
        for text in ["", "main", "c0ffee", &"g".repeat(40), &"a".repeat(41), "HEAD", &format!("..{}", "a".repeat(38))] {
            assert!(!is_hash(text), "{text}");
        }
    }
}
