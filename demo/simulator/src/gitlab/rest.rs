//! The REST v4 calls, in the shapes of GitLab's own OpenAPI document.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Gitlab, Project, REVISION, VERSION, blob_id, pipeline};

/// The longest life GitLab gives a token by default.
const TOKEN_LIFE: TimeDelta = TimeDelta::days(365);

pub(super) async fn metadata() -> Json<Value> {
    Json(json!({
        "version": VERSION,
        "revision": REVISION,
        "kas": { "enabled": false, "externalUrl": null, "externalK8sProxyUrl": null, "version": null },
        "enterprise": true,
    }))
}

/// A token made a month ago: an expiry is always in sight and never near.
pub(super) async fn token(State(gitlab): State<Gitlab>) -> Json<Value> {
    let now = gitlab.now();
    let created_at = now - TimeDelta::days(30);
    Json(json!({
        "id": 42,
        "name": "simulated",
        "revoked": false,
        "created_at": instant(created_at),
        "description": null,
        "scopes": ["read_api"],
        "user_id": 7,
        "last_used_at": instant(now),
        "active": true,
        "expires_at": (created_at + TOKEN_LIFE).date_naive().to_string(),
    }))
}

pub(super) async fn project(State(gitlab): State<Gitlab>, Path(id): Path<String>) -> Response {
    let world = gitlab.world();
    let Some((id, project)) = find(&world, &id) else { return missing("Project") };
    Json(describe(&gitlab, id, project)).into_response()
}

pub(super) async fn languages(State(gitlab): State<Gitlab>, Path(id): Path<String>) -> Response {
    let world = gitlab.world();
    let Some((_, project)) = find(&world, &id) else { return missing("Project") };
    let shares: Map<_, _> = project.languages.iter().map(|(name, share)| (name.clone(), json!(share))).collect();
    Json(shares).into_response()
}

#[derive(Deserialize)]
pub(super) struct FileQuery {
    r#ref: Option<String>,
}

pub(super) async fn raw_file(
    State(gitlab): State<Gitlab>,
    Path((id, path)): Path<(String, String)>,
    Query(query): Query<FileQuery>,
) -> Response {
    let world = gitlab.world();
    let Some((_, project)) = find(&world, &id) else { return missing("Project") };
    let is_known = query.r#ref.is_none_or(|name| name == "HEAD" || name == project.default_branch);
    if project.is_empty || !is_known {
        return missing("Commit");
    }
    let Some(content) = project.files.get(&path) else { return missing("File") };
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::HeaderName::from_static("x-gitlab-blob-id"), blob_id(content)),
        (header::HeaderName::from_static("x-gitlab-file-path"), path),
        (header::HeaderName::from_static("x-gitlab-ref"), project.default_branch.clone()),
    ];
    (headers, content.clone()).into_response()
}

/// What GitLab's router answers to a path it does not know.
pub(super) async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": "404 Not Found" }))).into_response()
}

pub(super) fn missing(what: &str) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "message": format!("404 {what} Not Found") }))).into_response()
}

/// By number or by path; the router has decoded `%2F` by now.
pub(super) fn find<'a>(world: &'a super::World, id: &str) -> Option<(u64, &'a Project)> {
    id.parse().map_or_else(|_| world.by_path(id), |id| world.by_id(id))
}

pub(super) fn describe(gitlab: &Gitlab, id: u64, project: &Project) -> Value {
    let (url, path) = (gitlab.url(), &project.full_path);
    let activity = instant(pipeline::last_activity(id, project, gitlab.now()));
    let namespace = path.rsplit_once('/').map_or("", |(namespace, _)| namespace);
    json!({
        "id": id,
        "description": project.description,
        "name": project.name,
        "name_with_namespace": format!("{} / {}", namespace.replace('/', " / "), project.name),
        "path": project.path(),
        "path_with_namespace": path,
        "created_at": instant(project.created_at),
        "updated_at": activity,
        "last_activity_at": activity,
        "default_branch": if project.is_empty { None } else { Some(&project.default_branch) },
        "tag_list": project.topics,
        "topics": project.topics,
        "http_url_to_repo": format!("{url}/{path}.git"),
        "web_url": format!("{url}/{path}"),
        "forks_count": 0,
        "star_count": 0,
        "namespace": { "name": namespace, "path": namespace, "kind": "group", "full_path": namespace },
        "empty_repo": project.is_empty,
        "archived": project.is_archived,
        "visibility": project.visibility,
        "jobs_enabled": project.pipeline_every.is_some(),
    })
}

/// RFC 3339 with milliseconds, as REST writes it; GraphQL leaves them out.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
