//! What each field of each type answers.

use std::rc::Rc;

use async_graphql_parser::types::Field;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{COMPLEXITY_MAX, execute::Execution, more, page::Page};
use crate::gitlab::{
    Project, REVISION, VERSION,
    pipeline::{self, Pipeline, Status},
};

/// Fields of a project that need its repository.
const OF_GIT: [&str; 5] = ["repository", "pipelines", "pipeline", "mergeRequests", "releases"];

/// GitLab refuses more.
const FULL_PATHS_MAX: usize = 50;

/// An object whose fields can be asked for.
#[derive(Clone)]
pub(super) enum Source<'a> {
    Query,
    Project(u64, &'a Project),
    Pipeline(&'a Project, Rc<Pipeline>),
    /// The Git repository of a project, and its plain fields.
    Repository(&'a Project, Value),
    Page(Rc<Page<'a>>),
    Edge(u64, Box<Source<'a>>),
    /// An object of plain fields.
    Plain(Value),
}

/// What a field answers.
pub(super) enum Answer<'a> {
    Leaf(Value),
    Object(Source<'a>),
    List(Vec<Source<'a>>),
}

pub(super) const NULL: Answer<'static> = Answer::Leaf(Value::Null);

/// The field `field` of `source`, or why not.
pub(super) fn resolve<'a>(run: &Execution<'a>, source: &Source<'a>, field: &'a Field) -> Result<Answer<'a>, String> {
    let name = field.name.node.as_str();
    Ok(match source {
        Source::Query => return query(run, name, field),
        Source::Project(_, project) if project.is_broken && OF_GIT.contains(&name) => {
            return Err("14:failed to connect to all addresses".to_owned());
        }
        Source::Project(id, project) => of_project(run, *id, project, name, field),
        Source::Pipeline(project, pipeline) => of_pipeline(run, project, pipeline, name, field),
        Source::Repository(project, fields) => match name {
            "blobs" => more::blobs(run, project, field),
            "tree" => more::tree(run, project, field),
            _ => Answer::Leaf(fields.get(name).cloned().unwrap_or_default()),
        },
        Source::Page(page) => match name {
            "nodes" => Answer::List(page.rows.iter().map(|(_, row)| row.clone()).collect()),
            "edges" => {
                Answer::List(page.rows.iter().map(|(id, row)| Source::Edge(*id, Box::new(row.clone()))).collect())
            }
            "pageInfo" => Answer::Object(Source::Plain(page.info())),
            "count" => Answer::Leaf(json!(page.count)),
            _ => NULL,
        },
        Source::Edge(id, node) => match name {
            "node" => Answer::Object((**node).clone()),
            _ => Answer::Leaf(json!(super::page::cursor(*id))),
        },
        Source::Plain(fields) => match fields.get(name) {
            Some(fields @ Value::Object(_)) => Answer::Object(Source::Plain(fields.clone())),
            other => Answer::Leaf(other.cloned().unwrap_or_default()),
        },
    })
}

fn query<'a>(run: &Execution<'a>, name: &str, field: &'a Field) -> Result<Answer<'a>, String> {
    let plain = |value| Ok(Answer::Object(Source::Plain(value)));
    match name {
        "projects" => {
            let projects = match run.strings(field, "fullPaths") {
                Some(paths) if paths.len() > FULL_PATHS_MAX => {
                    return Err(format!("fullPaths is too long (maximum is {FULL_PATHS_MAX})"));
                }
                Some(paths) => run.world.shuffled_of(&paths),
                None => run.world.shuffled(),
            };
            let ids = run.strings(field, "ids");
            let is_wanted =
                |id: u64| ids.as_ref().is_none_or(|ids| ids.contains(&format!("gid://gitlab/Project/{id}")));
            let projects = projects.into_iter().filter(|(id, _)| is_wanted(*id));
            let rows = projects.map(|(id, project)| (id, Source::Project(id, project)));
            Ok(page(run, field, rows))
        }
        "project" => {
            let found = run.text(field, "fullPath").and_then(|path| run.world.by_path(&path));
            Ok(found.map_or(NULL, |(id, project)| Answer::Object(Source::Project(id, project))))
        }
        "metadata" => plain(json!({ "version": VERSION, "revision": REVISION, "enterprise": true })),
        "currentUser" => plain(json!({ "id": "gid://gitlab/User/7", "username": "simulated", "name": "Simulated" })),
        "queryComplexity" => plain(json!({ "score": run.score, "limit": COMPLEXITY_MAX })),
        _ => Ok(NULL),
    }
}

fn of_project<'a>(run: &Execution<'a>, id: u64, project: &'a Project, name: &str, field: &'a Field) -> Answer<'a> {
    Answer::Leaf(match name {
        "id" => json!(format!("gid://gitlab/Project/{id}")),
        "fullPath" => json!(project.full_path),
        "path" => json!(project.path()),
        "name" => json!(project.name),
        "description" => json!(project.description),
        "webUrl" => json!(format!("{}/{}", run.url, project.full_path)),
        "visibility" => json!(project.visibility),
        "archived" => json!(project.is_archived),
        "topics" => json!(project.topics),
        "createdAt" => instant(project.created_at),
        "lastActivityAt" => instant(pipeline::last_activity(id, project, run.now)),
        "openMergeRequestsCount" => json!(project.open_merge_requests),
        "languages" => {
            let language = |(name, share): &(String, f64)| Source::Plain(json!({ "name": name, "share": share }));
            return Answer::List(project.languages.iter().map(language).collect());
        }
        "repository" => {
            let root_ref = if project.is_empty { None } else { Some(&project.default_branch) };
            let fields = json!({ "rootRef": root_ref, "empty": project.is_empty, "exists": true });
            return Answer::Object(Source::Repository(project, fields));
        }
        "pipelines" => return pipelines(run, id, project, field),
        "pipeline" => return one_pipeline(run, id, project, field),
        "mergeRequests" => return more::merge_requests(run, id, project, field),
        "mergeRequest" => return more::merge_request(run, id, project, field),
        "releases" => return more::releases(run, project, field),
        "release" => return more::release(run, project, field),
        _ => Value::Null,
    })
}

fn pipelines<'a>(run: &Execution<'a>, id: u64, project: &'a Project, field: &'a Field) -> Answer<'a> {
    let wanted = |argument| run.text(field, argument);
    let (branch, sha, source, status) = (wanted("ref"), wanted("sha"), wanted("source"), wanted("status"));
    let is_wanted = move |pipeline: &Pipeline| {
        branch.as_ref().is_none_or(|branch| *branch == pipeline.branch)
            && sha.as_ref().is_none_or(|sha| *sha == pipeline.sha)
            && source.as_ref().is_none_or(|source| source == pipeline.source)
            && status.as_ref().is_none_or(|status| json!(pipeline.status) == json!(status))
    };
    let rows = pipeline::pipelines(id, project, run.now)
        .filter(is_wanted)
        .map(|pipeline| (pipeline.id, Source::Pipeline(project, Rc::new(pipeline))));
    page(run, field, rows)
}

fn one_pipeline<'a>(run: &Execution<'a>, id: u64, project: &'a Project, field: &'a Field) -> Answer<'a> {
    let (gid, iid, sha) = (run.text(field, "id"), run.text(field, "iid"), run.text(field, "sha"));
    let is_wanted = |pipeline: &Pipeline| {
        gid.as_ref().is_none_or(|gid| *gid == format!("gid://gitlab/Ci::Pipeline/{}", pipeline.id))
            && iid.as_ref().is_none_or(|iid| *iid == pipeline.iid.to_string())
            && sha.as_ref().is_none_or(|sha| *sha == pipeline.sha)
    };
    let found = pipeline::pipelines(id, project, run.now).find(is_wanted);
    found.map_or(NULL, |pipeline| Answer::Object(Source::Pipeline(project, Rc::new(pipeline))))
}

pub(super) fn page<'a>(
    run: &Execution<'a>,
    field: &'a Field,
    rows: impl Iterator<Item = (u64, Source<'a>)>,
) -> Answer<'a> {
    let first = run.argument(field, "first").as_ref().and_then(Value::as_i64);
    let page = Page::cut(rows, first, run.text(field, "after").as_deref(), run.selects(field, "count"));
    Answer::Object(Source::Page(Rc::new(page)))
}

fn of_pipeline<'a>(
    run: &Execution<'a>,
    project: &Project,
    pipeline: &Pipeline,
    name: &str,
    field: &'a Field,
) -> Answer<'a> {
    let path = || format!("/{}/-/pipelines/{}", project.full_path, pipeline.id);
    Answer::Leaf(match name {
        "id" => json!(format!("gid://gitlab/Ci::Pipeline/{}", pipeline.id)),
        "iid" => json!(pipeline.iid.to_string()),
        "status" => json!(pipeline.status),
        "ref" => json!(pipeline.branch),
        "sha" => json!(pipeline.sha),
        "source" => json!(pipeline.source),
        "createdAt" => instant(pipeline.created_at),
        "updatedAt" => instant(pipeline.finished_at.or(pipeline.started_at).unwrap_or(pipeline.created_at)),
        "startedAt" => pipeline.started_at.map_or(Value::Null, instant),
        "finishedAt" => pipeline.finished_at.map_or(Value::Null, instant),
        "duration" => json!(pipeline.duration_seconds()),
        "path" => json!(path()),
        "jobs" => return more::jobs(run, pipeline, field),
        "detailedStatus" => return Answer::Object(Source::Plain(detailed(pipeline.status, &path()))),
        _ => Value::Null,
    })
}

fn detailed(status: Status, path: &str) -> Value {
    let name = json!(status);
    let group = name.as_str().unwrap_or_default().to_lowercase().replace('_', "-");
    json!({ "name": name, "group": group, "text": group, "label": group, "detailsPath": path })
}

/// ISO 8601 in whole seconds, as GitLab's `Time` scalar.
pub(super) fn instant(at: DateTime<Utc>) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}
