//! Calls beyond repositories themselves: lists of what projects have, jobs of pipelines, CODEOWNERS, and single items by number.

use futures::{StreamExt, stream};
use schema::{CodeOwnersRecord, MergeRequestRecord, MergeRequestState, PipelineJobSummary, ReleaseRecord};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    client::{Client, FOLLOWING_AT_ONCE},
    code_owners,
    list::{self, Item, ListKind, ListPage, ListPart, ListRecord},
    partial::ByPath,
    wire_list::{self, FilesOfProject, Jobs, ListedProject, OneOf},
};
use crate::SourceError;

const PIPELINE: &str = "id iid status ref sha source createdAt startedAt finishedAt duration path";
const MERGE_REQUEST: &str = "iid title state author { username } createdAt updatedAt mergedAt webUrl";
const RELEASE: &str = "tagName name description releasedAt commit { sha } links { selfUrl }";
const JOBS: &str = "jobs(retried: false, first: 100, after: $after) \
                    { nodes { name status } pageInfo { hasNextPage endCursor } }";
/// Pipelines whose jobs one call asks for: each costs 16 of the 250 points that GitLab allows.
pub(super) const PIPELINES_MAX: usize = 15;
/// Pages of a pipeline's jobs, of 100 each, that are read.
const JOB_PAGES_MAX: usize = 20;

/// A connection of a list, under its alias.
struct Part {
    alias: &'static str,
    state: Option<MergeRequestState>,
    selection: String,
}

fn parts(kind: &ListKind) -> Vec<Part> {
    let part = |alias: &'static str, state, field: &str, arguments: &str, node: &str| Part {
        alias,
        state,
        selection: format!(
            "{alias}: {field}(first: $first, after: $after_{alias}{arguments}) \
             {{ count @include(if: $count) pageInfo {{ hasNextPage }} edges {{ cursor node {{ {node} }} }} }}"
        ),
    };
    let merge_requests = |alias: &'static str, state| {
        let arguments = format!(", state: {alias}, sort: UPDATED_DESC");
        part(alias, state, "mergeRequests", &arguments, MERGE_REQUEST)
    };
    match kind {
        ListKind::Pipelines => vec![part("pipelines", None, "pipelines", "", PIPELINE)],
        ListKind::Releases => vec![part("releases", None, "releases", ", sort: RELEASED_AT_DESC", RELEASE)],
        ListKind::MergeRequests(states) if states.is_empty() => vec![merge_requests("all", None)],
        ListKind::MergeRequests(states) => {
            states.iter().filter_map(|state| Some(merge_requests(state_word(*state)?, Some(*state)))).collect()
        }
    }
}

fn state_word(state: MergeRequestState) -> Option<&'static str> {
    match state {
        MergeRequestState::Opened => Some("opened"),
        MergeRequestState::Closed => Some("closed"),
        MergeRequestState::Locked => Some("locked"),
        MergeRequestState::Merged => Some("merged"),
        MergeRequestState::Unknown => None,
    }
}

#[derive(Deserialize)]
struct OneProject {
    project: Option<OneOf>,
}

impl Client {
    /// The same page of the lists of these projects, at most 50.
    pub(super) async fn lists(&self, paths: &[String], page: &ListPage) -> Result<ByPath<ListRecord>, SourceError> {
        let parts = parts(&page.kind);
        let (mut head, mut body) = (String::new(), String::new());
        let mut variables = Map::from_iter([
            ("paths".to_owned(), json!(paths)),
            ("first".to_owned(), json!(page.first)),
            ("count".to_owned(), json!(page.is_counted)),
        ]);
        for Part { alias, state, selection } in &parts {
            head.push_str(&format!(", $after_{alias}: String"));
            body.push_str(&format!("{selection} "));
            let after = page.after.as_ref().and_then(|place| place.of(*state));
            variables.insert(format!("after_{alias}"), json!(after));
        }
        let query = format!(
            "query WeftLists($paths: [String!]!, $first: Int!, $count: Boolean!{head}) \
             {{ projects(fullPaths: $paths, first: 50) {{ nodes {{ fullPath {body}}} }} }}"
        );
        let found: ByPath<ListedProject> = self.of_projects("lists", &query, Value::Object(variables), paths).await?;
        let first = usize::try_from(page.first).unwrap_or(usize::MAX);
        let record = |mut project: ListedProject| {
            // A part that GitLab keeps back is not an empty one: the whole list is then unknown.
            let found: Option<Vec<_>> =
                parts.iter().map(|part| Some((part.state, self.part(part.alias, &mut project)?))).collect();
            Some(list::merge(page.after.as_ref(), found?, first))
        };
        Ok(each(found, record))
    }

    fn part(&self, alias: &str, project: &mut ListedProject) -> Option<ListPart> {
        let merge_requests = match alias {
            "pipelines" => return project.pipelines.take().map(|edges| wire_list::pipelines(edges, self.base_url())),
            "releases" => {
                let edges = project.releases.take()?;
                return Some(edges.into_part(|release| release.into_record().map(Item::Release)));
            }
            "opened" => &mut project.opened,
            "closed" => &mut project.closed,
            "locked" => &mut project.locked,
            "merged" => &mut project.merged,
            _ => &mut project.all,
        };
        let edges = merge_requests.take()?;
        Some(edges.into_part(|request| request.into_record().map(Item::MergeRequest)))
    }

    /// The CODEOWNERS files of these projects, at most 50.
    pub(super) async fn code_owners(&self, paths: &[String]) -> Result<ByPath<CodeOwnersRecord>, SourceError> {
        let variables = json!({ "paths": paths, "files": code_owners::PATHS });
        let found: ByPath<FilesOfProject> =
            self.of_projects("code_owners", include_str!("code_owners.graphql"), variables, paths).await?;
        let record = |project: FilesOfProject| {
            let blobs: Vec<_> = project.repository?.blobs?.into_items().collect();
            let file = code_owners::PATHS
                .iter()
                .find_map(|path| blobs.iter().find(|blob| blob.path.as_deref() == Some(*path)))?;
            let path = file.path.as_deref()?;
            Some(code_owners::read(path, file.raw_blob.as_deref()?))
        };
        Ok(each(found, record))
    }

    /// The jobs of these pipelines, at most [`PIPELINES_MAX`], each named by project and GitLab's own id; in their order.
    pub(super) async fn jobs(
        &self,
        pipelines: &[(String, String)],
    ) -> Result<Vec<Result<Option<PipelineJobSummary>, SourceError>>, SourceError> {
        let (mut head, mut body) = (String::new(), String::new());
        let mut variables = Map::new();
        for (at, (path, gid)) in pipelines.iter().enumerate() {
            head.push_str(&format!(", $path{at}: ID!, $pipeline{at}: CiPipelineID!"));
            body.push_str(&format!(
                "p{at}: project(fullPath: $path{at}) {{ pipeline(id: $pipeline{at}) {{ {JOBS} }} }} "
            ));
            variables.insert(format!("path{at}"), json!(path));
            variables.insert(format!("pipeline{at}"), json!(gid));
        }
        let query = format!("query WeftJobs($after: String{head}) {{ {body}}}");
        let mut found = self.by_alias::<OneOf>("jobs", &query, Value::Object(variables)).await?;
        let firsts = pipelines.iter().enumerate().map(|(at, (path, gid))| {
            let project = found.remove(&format!("p{at}"));
            async move {
                match project.transpose()?.and_then(|project| project.pipeline?.jobs) {
                    Some(jobs) => self.all_jobs(path, gid, jobs).await.map(Some),
                    None => Ok(None),
                }
            }
        });
        let firsts: Vec<_> = firsts.collect();
        Ok(stream::iter(firsts).buffered(FOLLOWING_AT_ONCE).collect().await)
    }

    /// Goes on behind the first page; few pipelines have more than a hundred jobs.
    async fn all_jobs(&self, path: &str, gid: &str, first: Jobs) -> Result<PipelineJobSummary, SourceError> {
        let mut summary = PipelineJobSummary::default();
        let mut page = Some(first);
        for _ in 0..JOB_PAGES_MAX {
            let Some(mut jobs) = page.take() else { return Ok(summary) };
            let info = jobs.page_info.take().unwrap_or_default();
            jobs.add_to(&mut summary);
            let Some(after) = info.end_cursor.filter(|_| info.has_next_page == Some(true)) else { return Ok(summary) };
            let query = format!(
                "query WeftMoreJobs($after: String, $path: ID!, $pipeline: CiPipelineID!) \
                 {{ project(fullPath: $path) {{ pipeline(id: $pipeline) {{ {JOBS} }} }} }}"
            );
            let variables = json!({ "after": after, "path": path, "pipeline": gid });
            let found: OneProject = self.query("jobs", &query, variables).await?;
            page = found.project.and_then(|project| project.pipeline?.jobs);
        }
        Err(SourceError::protocol(schema::SourceKind::Gitlab, "a pipeline has more jobs than are read"))
    }

    /// One merge request by its number in the project.
    pub(super) async fn merge_request(&self, path: &str, iid: u32) -> Result<Option<MergeRequestRecord>, SourceError> {
        let query = format!(
            "query WeftMergeRequest($path: ID!, $iid: String!) \
             {{ project(fullPath: $path) {{ mergeRequest(iid: $iid) {{ {MERGE_REQUEST} }} }} }}"
        );
        let variables = json!({ "path": path, "iid": iid.to_string() });
        let found: OneProject = self.query("merge_request", &query, variables).await?;
        Ok(found.project.and_then(|project| project.merge_request?.into_record()))
    }

    /// One release by its tag.
    pub(super) async fn release(&self, path: &str, tag: &str) -> Result<Option<ReleaseRecord>, SourceError> {
        let query = format!(
            "query WeftRelease($path: ID!, $tag: String!) \
             {{ project(fullPath: $path) {{ release(tagName: $tag) {{ {RELEASE} }} }} }}"
        );
        let found: OneProject = self.query("release", &query, json!({ "path": path, "tag": tag })).await?;
        Ok(found.project.and_then(|project| project.release?.into_record()))
    }
}

/// What of each project is wanted; absent where there is none.
fn each<T, V>(found: ByPath<T>, record: impl Fn(T) -> Option<V>) -> ByPath<V> {
    found.into_iter().filter_map(|(path, project)| Some((path, project.map(&record).transpose()?))).collect()
}
