//! Deployments and environments over REST, in the shapes of GitLab's own OpenAPI document.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    Gitlab, Project,
    commit::{self, Commit},
    deployment::{Deployment, deployments},
    merge_request,
    paging::Paging,
    pipeline,
    rest::{find, instant, missing},
};
use crate::seed::draw;

type Parameters = Query<Vec<(String, String)>>;

const STATUSES: [&str; 7] = ["created", "running", "success", "failed", "canceled", "blocked", "skipped"];

/// A project on whose page things are shown.
struct Place<'a> {
    url: &'a str,
    id: u64,
    project: &'a Project,
}

pub(super) async fn list(
    State(gitlab): State<Gitlab>,
    Path(id): Path<String>,
    uri: Uri,
    Query(parameters): Parameters,
) -> Response {
    let world = gitlab.world();
    let Some((id, project)) = find(&world, &id) else { return missing("Project") };
    let filter = match Filter::of(&parameters) {
        Ok(filter) => filter,
        Err(refusal) => return (StatusCode::BAD_REQUEST, Json(refusal)).into_response(),
    };
    let mut rows = deployments(id, project, gitlab.now());
    rows.retain(|row| filter.admits(row));
    filter.sort(&mut rows);
    let place = Place { url: gitlab.url(), id, project };
    Paging::of(&parameters).answer(gitlab.url(), &uri, &rows, |row| place.deployment(row))
}

pub(super) async fn one(State(gitlab): State<Gitlab>, Path((id, number)): Path<(String, u64)>) -> Response {
    let world = gitlab.world();
    let Some((id, project)) = find(&world, &id) else { return missing("Project") };
    let Some(row) = deployments(id, project, gitlab.now()).into_iter().find(|row| row.id == number) else {
        return missing("Deployment");
    };
    Json(Place { url: gitlab.url(), id, project }.deployment(&row)).into_response()
}

pub(super) async fn commits(
    State(gitlab): State<Gitlab>,
    Path(id): Path<String>,
    uri: Uri,
    Query(parameters): Parameters,
) -> Response {
    let world = gitlab.world();
    let Some((_, project)) = find(&world, &id) else { return missing("Project") };
    let name = parameters.iter().rfind(|(key, _)| key == "ref_name").map(|(_, value)| value.as_str());
    let rows = commit::log(project, name, gitlab.now());
    Paging::of(&parameters).answer(gitlab.url(), &uri, &rows, |row| row.rest(gitlab.url(), project))
}

/// What was merged since the change before began.
pub(super) async fn merge_requests(
    State(gitlab): State<Gitlab>,
    Path((id, number)): Path<(String, u64)>,
    uri: Uri,
    Query(parameters): Parameters,
) -> Response {
    let (world, now) = (gitlab.world(), gitlab.now());
    let Some((id, project)) = find(&world, &id) else { return missing("Project") };
    let rows = deployments(id, project, now);
    let Some(row) = rows.iter().find(|row| row.id == number) else { return missing("Deployment") };
    let before = rows.iter().filter(|other| other.environment == row.environment && other.created_at < row.created_at);
    let since = before.map(|other| other.created_at).max();
    let mut merged = merge_request::merge_requests(id, project, now);
    merged.retain(|request| {
        request.merged_at.is_some_and(|at| at <= row.created_at && since.is_none_or(|since| at > since))
    });
    let value = |name: &str| parameters.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if value("order_by") != Some("updated_at") {
        merged.sort_by_key(|request| std::cmp::Reverse((request.created_at, request.id)));
    }
    if value("sort") == Some("asc") {
        merged.reverse();
    }
    Paging::of(&parameters).answer(gitlab.url(), &uri, &merged, |request| request.rest(gitlab.url(), id, project))
}

pub(super) async fn environments(
    State(gitlab): State<Gitlab>,
    Path(id): Path<String>,
    uri: Uri,
    Query(parameters): Parameters,
) -> Response {
    let world = gitlab.world();
    let Some((id, project)) = find(&world, &id) else { return missing("Project") };
    let value = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut names: Vec<&str> = deployments(id, project, gitlab.now()).iter().map(|row| row.environment).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| value("name").is_none_or(|wanted| wanted == *name));
    names.retain(|name| value("search").is_none_or(|part| name.contains(part)));
    names.retain(|_| value("states").is_none_or(|state| state == "available"));
    let place = Place { url: gitlab.url(), id, project };
    Paging::of(&parameters).answer(gitlab.url(), &uri, &names, |name| place.whole_environment(name))
}

/// Which deployments, in which order.
struct Filter<'a> {
    order_by: &'a str,
    is_down: bool,
    updated: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    environment: Option<&'a str>,
    status: Option<&'a str>,
}

impl<'a> Filter<'a> {
    fn of(parameters: &'a [(String, String)]) -> Result<Self, Value> {
        let value = |name: &str| parameters.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let moment = |name: &str| match value(name).map(str::parse::<DateTime<Utc>>) {
            None => Ok(None),
            Some(Ok(moment)) => Ok(Some(moment)),
            Some(Err(_)) => Err(json!({ "error": format!("{name} is invalid") })),
        };
        let order_by = value("order_by").unwrap_or("id");
        let known = |name, choices: &[&str]| match value(name) {
            Some(word) if !choices.contains(&word) => {
                Err(json!({ "error": format!("{name} does not have a valid value") }))
            }
            word => Ok(word),
        };
        known("order_by", &["id", "iid", "created_at", "updated_at", "finished_at", "ref"])?;
        let updated = (moment("updated_after")?, moment("updated_before")?);
        if (updated.0.is_some() || updated.1.is_some()) && order_by != "updated_at" {
            return Err(
                json!({ "message": "400 Bad request - `updated_at` filter and `updated_at` sorting must be paired" }),
            );
        }
        let is_down = known("sort", &["asc", "desc"])? == Some("desc");
        let status = known("status", &STATUSES)?;
        Ok(Self { order_by, is_down, updated, environment: value("environment"), status })
    }

    fn admits(&self, row: &Deployment) -> bool {
        self.updated.0.is_none_or(|after| row.updated_at >= after)
            && self.updated.1.is_none_or(|before| row.updated_at <= before)
            && self.environment.is_none_or(|name| name == row.environment)
            && self.status.is_none_or(|status| status == row.status)
    }

    fn sort(&self, rows: &mut [Deployment]) {
        match self.order_by {
            "created_at" => rows.sort_by_key(|row| (row.created_at, row.id)),
            "updated_at" => rows.sort_by_key(|row| (row.updated_at, row.id)),
            "finished_at" => rows.sort_by_key(|row| (row.finished_at, row.id)),
            "ref" => rows.sort_by(|one, other| (&one.git_ref, one.id).cmp(&(&other.git_ref, other.id))),
            "iid" => rows.sort_by_key(|row| row.iid),
            _ => rows.sort_by_key(|row| row.id),
        }
        if self.is_down {
            rows.reverse();
        }
    }
}

impl Place<'_> {
    fn deployment(&self, row: &Deployment) -> Value {
        json!({
            "id": row.id,
            "iid": row.iid,
            "ref": row.git_ref,
            "sha": row.sha,
            "created_at": instant(row.created_at),
            "updated_at": instant(row.updated_at),
            "status": row.status,
            "user": self.user(row.user),
            "environment": self.environment(row.environment),
            "deployable": if row.is_of_api { Value::Null } else { self.job(row) },
        })
    }

    fn environment(&self, name: &str) -> Value {
        json!({
            "id": draw(&self.project.full_path, name) % 1_000_000,
            "name": name,
            "slug": name,
            "external_url": format!("https://{}.{name}.apps.example.com", self.project.path()),
            "created_at": instant(self.project.created_at),
            "updated_at": instant(self.project.created_at),
        })
    }

    /// As the list of environments has it, without the last deployment.
    fn whole_environment(&self, name: &str) -> Value {
        let mut environment = self.environment(name);
        if let Some(fields) = environment.as_object_mut() {
            fields.insert("tier".to_owned(), json!(name));
            fields.insert("state".to_owned(), json!("available"));
            fields.insert("auto_stop_at".to_owned(), Value::Null);
        }
        environment
    }

    fn user(&self, username: &str) -> Value {
        json!({
            "id": draw(username, "id") % 10_000,
            "username": username,
            "name": username,
            "state": "active",
            "avatar_url": null,
            "web_url": format!("{}/{username}", self.url),
        })
    }

    fn job(&self, row: &Deployment) -> Value {
        let page = format!("{}/{}", self.url, self.project.full_path);
        let job_id = row.id * 10 + 1;
        let took = row.started_at.zip(row.finished_at).map(|(start, end)| (end - start).as_seconds_f64());
        let pipeline = pipeline::number_at(self.project, row.created_at).unwrap_or(1);
        let pipeline_id = pipeline * 10_000_000 + self.id;
        let commit = Commit { sha: row.sha.clone(), authored_at: row.committed_at };
        json!({
            "id": job_id,
            "status": row.status,
            "stage": "deploy",
            "name": format!("deploy-{}", row.environment),
            "ref": row.git_ref,
            "tag": row.is_tag,
            "coverage": null,
            "allow_failure": false,
            "created_at": instant(row.created_at - TimeDelta::seconds(1)),
            "started_at": row.started_at.map(instant),
            "finished_at": row.finished_at.map(instant),
            "erased_at": null,
            "duration": took,
            "queued_duration": row.started_at.map(|start| (start - row.created_at).as_seconds_f64()),
            "user": self.user(row.user),
            "commit": commit.rest(self.url, self.project),
            "pipeline": {
                "id": pipeline_id,
                "iid": pipeline,
                "project_id": self.id,
                "sha": row.sha,
                "ref": row.git_ref,
                "status": row.status,
                "source": "push",
                "created_at": instant(row.created_at - TimeDelta::seconds(2)),
                "updated_at": instant(row.updated_at),
                "web_url": format!("{page}/-/pipelines/{pipeline_id}"),
            },
            "web_url": format!("{page}/-/jobs/{job_id}"),
        })
    }
}
