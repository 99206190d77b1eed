//! What projects have besides pipelines: merge requests, releases, files; and the jobs of pipelines.

use async_graphql_parser::types::Field;
use serde_json::{Value, json};

use super::{
    execute::Execution,
    resolve::{Answer, NULL, Source, instant, page},
};
use crate::gitlab::{
    Project, blob_id, commit, job,
    merge_request::{self, MergeRequest},
    pipeline::Pipeline,
    release::{self, Release},
};

pub(super) fn merge_requests<'a>(run: &Execution<'a>, id: u64, project: &'a Project, field: &'a Field) -> Answer<'a> {
    let state = run.text(field, "state").filter(|state| state != "all");
    let all = merge_request::merge_requests(id, project, run.now).into_iter();
    let wanted = all.filter(|request| state.as_ref().is_none_or(|state| *state == request.state));
    page(run, field, wanted.map(|request| (request.id, of_merge_request(run, project, &request))))
}

pub(super) fn merge_request<'a>(run: &Execution<'a>, id: u64, project: &'a Project, field: &'a Field) -> Answer<'a> {
    let iid = run.text(field, "iid").unwrap_or_default();
    let found = merge_request::merge_requests(id, project, run.now).into_iter().find(|one| one.iid.to_string() == iid);
    found.map_or(NULL, |request| Answer::Object(of_merge_request(run, project, &request)))
}

fn of_merge_request<'a>(run: &Execution<'a>, project: &Project, request: &MergeRequest) -> Source<'a> {
    let author = json!({ "id": "gid://gitlab/User/7", "username": request.author, "name": request.author });
    Source::Plain(json!({
        "id": format!("gid://gitlab/MergeRequest/{}", request.id),
        "iid": request.iid.to_string(),
        "title": request.title,
        "state": request.state,
        "createdAt": instant(request.created_at),
        "updatedAt": instant(request.updated_at),
        "mergedAt": request.merged_at.map(instant),
        "webUrl": format!("{}/{}/-/merge_requests/{}", run.url, project.full_path, request.iid),
        "author": author,
    }))
}

pub(super) fn releases<'a>(run: &Execution<'a>, project: &'a Project, field: &'a Field) -> Answer<'a> {
    let rows = release::releases(project, run.now).map(|release| (release.number, of_release(run, project, &release)));
    page(run, field, rows)
}

pub(super) fn release<'a>(run: &Execution<'a>, project: &'a Project, field: &'a Field) -> Answer<'a> {
    let tag = run.text(field, "tagName").unwrap_or_default();
    let found = release::releases(project, run.now).find(|release| release.tag == tag);
    found.map_or(NULL, |release| Answer::Object(of_release(run, project, &release)))
}

fn of_release<'a>(run: &Execution<'a>, project: &Project, release: &Release) -> Source<'a> {
    Source::Plain(json!({
        "tagName": release.tag,
        "name": format!("{} {}", project.name, release.tag),
        "description": release.description,
        "createdAt": instant(release.released_at),
        "releasedAt": instant(release.released_at),
        "commit": { "sha": release.sha, "title": "Release", "authorName": "Release bot" },
        "links": { "selfUrl": format!("{}/{}/-/releases/{}", run.url, project.full_path, release.tag) },
    }))
}

/// The files among `paths` that the default branch has; the others are left out, as GitLab does.
pub(super) fn blobs<'a>(run: &Execution<'a>, project: &'a Project, field: &'a Field) -> Answer<'a> {
    let paths = run.strings(field, "paths").unwrap_or_default();
    let rows = paths.into_iter().zip(1..).filter_map(|(path, number)| {
        let text = project.files.get(&path).filter(|_| !project.is_empty)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        let blob = json!({ "oid": blob_id(text), "path": path, "name": name, "rawBlob": text, "size": text.len().to_string() });
        Some((number, Source::Plain(blob)))
    });
    page(run, field, rows)
}

/// The whole tree at a branch or hash; a tree without a commit where there is no such.
pub(super) fn tree<'a>(run: &Execution<'a>, project: &'a Project, field: &'a Field) -> Answer<'a> {
    let name = run.text(field, "ref");
    let newest = commit::log(project, name.as_deref(), run.now).into_iter().next();
    let commit = newest.map(|commit| commit.graphql(run.url, project));
    Answer::Object(Source::Plain(json!({ "lastCommit": commit })))
}

pub(super) fn jobs<'a>(run: &Execution<'a>, pipeline: &Pipeline, field: &'a Field) -> Answer<'a> {
    let is_retried = run.argument(field, "retried").as_ref().and_then(Value::as_bool) == Some(true);
    let jobs = if is_retried { Vec::new() } else { job::jobs(pipeline) };
    let rows = jobs.into_iter().zip(1..);
    page(
        run,
        field,
        rows.map(|(job, number)| (number, Source::Plain(json!({ "name": job.name, "status": job.status })))),
    )
}
