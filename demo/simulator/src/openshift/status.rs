//! Refusals as the API server words them: a `Status` object, but for paths it does not know at all.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::resource::Resource;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    code: StatusCode,
    reason: &'static str,
    message: String,
    /// Boxed, because every reading function carries this type as its error.
    details: Option<Box<Value>>,
    /// A token to go on with, from a later state, when the one that was sent has expired.
    go_on: Option<String>,
}

impl Refusal {
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized".to_owned())
    }

    pub(super) fn forbidden(resource: &Resource, name: Option<&str>, message: String) -> Self {
        Self {
            details: Some(Box::new(details(resource, name))),
            ..Self::new(StatusCode::FORBIDDEN, "Forbidden", message)
        }
    }

    pub(super) fn forbidden_path(path: &str, user: &str) -> Self {
        let message = format!("forbidden: User \"{user}\" cannot get path \"{path}\"");
        Self { details: Some(Box::new(json!({}))), ..Self::new(StatusCode::FORBIDDEN, "Forbidden", message) }
    }

    pub(super) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        let details = Some(Box::new(details(resource, Some(name))));
        Self { details, ..Self::new(StatusCode::NOT_FOUND, "NotFound", message) }
    }

    pub(super) fn bad_request(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(super) fn invalid(field: &str, message: String) -> Self {
        let details = json!({
            "group": "meta.k8s.io",
            "kind": "ListOptions",
            "causes": [{ "reason": "FieldValueForbidden", "message": message, "field": field }],
        });
        let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: {message}");
        Self { details: Some(Box::new(details)), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message) }
    }

    pub(super) fn expired(message: String, go_on: Option<String>) -> Self {
        Self { go_on, ..Self::new(StatusCode::GONE, "Expired", message) }
    }

    /// A `resourceVersion` from the future, which the server waited for in vain.
    pub(super) fn too_large(asked: u64, current: u64) -> Self {
        let causes = json!([{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }]);
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let details = Some(Box::new(json!({ "causes": causes, "retryAfterSeconds": 1 })));
        Self { details, ..Self::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", message) }
    }

    pub(super) fn unavailable() -> Self {
        let message = "the server is currently unable to handle the request".to_owned();
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
    }

    pub(super) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml, \
                       application/vnd.kubernetes.protobuf";
        Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message.to_owned())
    }

    /// A body in another form than JSON, such as the protobuf that `kubectl auth can-i` sends.
    pub(super) fn unsupported_body() -> Self {
        let message =
            "the body of the request was in an unknown format - accepted media types include: application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message.to_owned())
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource".to_owned();
        Self {
            details: Some(Box::new(json!({}))),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
        }
    }

    /// The `Status` object, which a watch sends as the object of an `ERROR` event.
    pub(super) fn to_json(&self) -> Value {
        let metadata = self.go_on.as_ref().map_or_else(|| json!({}), |token| json!({ "continue": token }));
        let mut status = Map::new();
        let mut put = |key: &str, value: Value| {
            status.insert(key.to_owned(), value);
        };
        put("kind", json!("Status"));
        put("apiVersion", json!("v1"));
        put("metadata", metadata);
        put("status", json!("Failure"));
        put("message", json!(self.message));
        put("reason", json!(self.reason));
        if let Some(details) = &self.details {
            put("details", Value::clone(details));
        }
        put("code", json!(self.code.as_u16()));
        Value::Object(status)
    }

    fn new(code: StatusCode, reason: &'static str, message: String) -> Self {
        Self { code, reason, message, details: None, go_on: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.code, Json(self.to_json())).into_response();
        if let Some(seconds) = self.details.as_ref().and_then(|details| details.get("retryAfterSeconds")?.as_u64()) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What answers a path that belongs to no API, in plain text.
pub(super) fn unknown_path() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
}

fn details(resource: &Resource, name: Option<&str>) -> Value {
    let mut details = Map::new();
    if let Some(name) = name {
        details.insert("name".to_owned(), json!(name));
    }
    if !resource.group.is_empty() {
        details.insert("group".to_owned(), json!(resource.group));
    }
    details.insert("kind".to_owned(), json!(resource.plural));
    Value::Object(details)
}
