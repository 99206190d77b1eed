//! What a deployment brought: its commits over those of the one before, and its merge requests. GitLab has them over REST only.

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    RepositoryKey, client::Client, commit::is_hash, list::Item, project_list::PAGE_ROWS, wire_commit::Commit,
    wire_list::MergeRequest,
};
use crate::SourceError;

/// A list of what a deployment brought.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Brought {
    /// Commits that `to` has and `from` has not, newest first.
    Commits {
        /// The hash that was there.
        from: String,
        /// The hash that came.
        to: String,
    },
    /// Merge requests of GitLab's deployment with this number, those opened last first.
    MergeRequests {
        /// The number.
        deployment: u64,
    },
}

impl Brought {
    /// The commits between two hashes; none when one of them is no full hash.
    pub fn commits(from: &str, to: &str) -> Option<Self> {
        let lower = str::to_ascii_lowercase;
        (is_hash(from) && is_hash(to)).then(|| Self::Commits { from: lower(from), to: lower(to) })
    }
}

/// A page of such a list, of [`BROUGHT_ROWS`] items.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BroughtKey {
    /// The project.
    pub repository: RepositoryKey,
    /// Which list.
    pub list: Brought,
    /// Which page, from 1.
    pub page: u32,
}

/// Items of a page.
pub const BROUGHT_ROWS: usize = PAGE_ROWS;

/// A page as GitLab gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BroughtRecord {
    /// The items.
    pub items: Vec<Item>,
    /// There is another page.
    pub has_next: bool,
}

impl Client {
    /// A page of what a deployment of a project brought; none when GitLab knows no such project or deployment, or of no commits.
    pub(super) async fn brought(
        &self,
        path: &str,
        list: &Brought,
        page: u32,
    ) -> Result<Option<BroughtRecord>, SourceError> {
        let (url, call) = self.brought_url(path, list, page)?;
        let ask = |client: &reqwest::Client| self.authorized(client.get(url.clone()));
        let answer = self.upstream().send(call, ask, &[StatusCode::NOT_FOUND]).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let (items, count) = match list {
            Brought::Commits { .. } => {
                items(answer.json::<Vec<Commit>>()?, |commit| commit.into_record().map(Item::Commit))
            }
            Brought::MergeRequests { .. } => {
                items(answer.json::<Vec<MergeRequest>>()?, |request| request.into_record().map(Item::MergeRequest))
            }
        };
        if matches!(list, Brought::Commits { .. }) && page == 1 && count == 0 {
            // What GitLab says of hashes that it does not know, too: whoever asks must look.
            return Ok(None);
        }
        let has_next = match answer.header("x-next-page") {
            Some(next) => !next.is_empty(),
            None => count >= BROUGHT_ROWS,
        };
        Ok(Some(BroughtRecord { items, has_next }))
    }

    fn brought_url(&self, path: &str, list: &Brought, page: u32) -> Result<(Url, &'static str), SourceError> {
        let (mut url, call, parameters) = match list {
            Brought::Commits { from, to } => {
                let url = self.rest(&["projects", path, "repository", "commits"])?;
                (url, "changes", vec![("ref_name", format!("{from}..{to}"))])
            }
            Brought::MergeRequests { deployment } => {
                let url = self.rest(&["projects", path, "deployments", &deployment.to_string(), "merge_requests"])?;
                // By what never changes, or pages would shift.
                let order = vec![("order_by", "created_at".to_owned()), ("sort", "desc".to_owned())];
                (url, "deployment_merge_requests", order)
            }
        };
        let pages = [("per_page", BROUGHT_ROWS.to_string()), ("page", page.to_string())];
        url.query_pairs_mut().extend_pairs(parameters.into_iter().chain(pages));
        Ok((url, call))
    }
}

/// The items, and how many rows there were.
fn items<T>(rows: Vec<T>, item: impl Fn(T) -> Option<Item>) -> (Vec<Item>, usize) {
    let count = rows.len();
    (rows.into_iter().filter_map(item).collect(), count)
}
