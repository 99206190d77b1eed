//! Answers as ARM writes them: JSON with a charset, never to be cached, and one shape of error.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

const HEADERS: [(header::HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "application/json; charset=utf-8"),
    (header::CACHE_CONTROL, "no-cache"),
    (header::PRAGMA, "no-cache"),
    (header::EXPIRES, "-1"),
];

pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    (status, HEADERS, body.to_string()).into_response()
}

pub(super) fn ok(body: &Value) -> Response {
    answer(StatusCode::OK, body)
}

pub(super) fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    answer(status, &json!({ "error": { "code": code, "message": message } }))
}

pub(super) fn bad_request(code: &str, message: &str) -> Response {
    refuse(StatusCode::BAD_REQUEST, code, message)
}

pub(super) fn not_found(code: &str, message: &str) -> Response {
    refuse(StatusCode::NOT_FOUND, code, message)
}
