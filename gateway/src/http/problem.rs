//! Answers outside `/graphql`: RFC 9457 problem documents.

use std::any::Any;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::json;

use crate::prepare::Refusal;

/// A problem document.
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": detail,
    });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// There is nothing at this address.
pub async fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "there is nothing here; GraphQL is at /graphql")
}

/// A handler panicked. The caller learns nothing of it but the request's id.
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let Refusal { code, message, .. } = Refusal::of_panic(&*cause, None);
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code.as_str() } }] });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
