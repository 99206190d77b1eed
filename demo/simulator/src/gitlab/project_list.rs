//! The projects of a group over REST.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    Gitlab, Project,
    paging::Paging,
    pipeline,
    rest::{describe, missing},
};

const ORDERS: [&str; 8] =
    ["id", "name", "path", "created_at", "updated_at", "similarity", "star_count", "last_activity_at"];

pub(super) async fn of_group(
    State(gitlab): State<Gitlab>,
    Path(group): Path<String>,
    uri: Uri,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    let value = |name: &str| parameters.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let order_by = value("order_by").unwrap_or("created_at");
    if !ORDERS.contains(&order_by) {
        let refusal = json!({ "error": "order_by does not have a valid value" });
        return (StatusCode::BAD_REQUEST, Json(refusal)).into_response();
    }
    let (world, now) = (gitlab.world(), gitlab.now());
    let with_below = value("include_subgroups") == Some("true");
    let below = format!("{}/", group.to_lowercase());
    let mut rows = world.shuffled();
    rows.retain(|(_, project)| project.full_path.to_lowercase().starts_with(&below));
    if rows.is_empty() {
        return missing("Group");
    }
    let is_own = |project: &Project| !project.full_path.get(below.len()..).is_some_and(|rest| rest.contains('/'));
    rows.retain(|(_, project)| with_below || is_own(project));
    if let Some(archived) = value("archived") {
        rows.retain(|(_, project)| project.is_archived == (archived == "true"));
    }
    match order_by {
        "last_activity_at" | "updated_at" => {
            rows.sort_by_cached_key(|(id, project)| (pipeline::last_activity(*id, project, now), *id));
        }
        "created_at" => rows.sort_by_key(|(id, project)| (project.created_at, *id)),
        "name" => rows.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name)),
        "path" => rows.sort_by(|(_, one), (_, other)| one.path().cmp(other.path())),
        _ => rows.sort_by_key(|(id, _)| *id),
    }
    if value("sort") != Some("asc") {
        rows.reverse();
    }
    Paging::of(&parameters).answer(gitlab.url(), &uri, &rows, |(id, project)| describe(&gitlab, *id, project))
}
