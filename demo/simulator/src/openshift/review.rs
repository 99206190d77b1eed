//! `SelfSubjectAccessReview`: may I? The one thing that is posted, and it stores nothing.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    World,
    access::{Act, User, is_allowed},
    resource::Resource,
    status::Refusal,
};

pub(super) fn answer(world: &World, user: User, body: &[u8]) -> Result<Response, Refusal> {
    let review: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("couldn't get version/kind; json parse error: {error}")))?;
    let spec = review.get("spec").cloned().unwrap_or_else(|| json!({}));
    let text = |key: &str| spec.pointer(&format!("/resourceAttributes/{key}")).and_then(Value::as_str).unwrap_or("");
    let given = |key: &str| Some(text(key)).filter(|value| !value.is_empty());
    let is_asked_of_path = spec.get("nonResourceAttributes").is_some();
    let is_allowed = match Resource::find(text("group"), given("version").unwrap_or("v1"), text("resource")) {
        _ if is_asked_of_path => user == User::Account,
        Some(resource) => {
            let act = Act { verb: text("verb"), resource, namespace: given("namespace"), name: given("name") };
            is_allowed(world, user, act)
        }
        None => false,
    };
    let mut status = json!({ "allowed": is_allowed });
    if let (true, Some(status)) = (is_allowed, status.as_object_mut()) {
        let reason = "RBAC: allowed by ClusterRoleBinding \"reader\" of ClusterRole \"reader\" to ServiceAccount \"reader/observers\"";
        status.insert("reason".to_owned(), json!(reason));
    }
    let answer = json!({
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": spec,
        "status": status,
    });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}
