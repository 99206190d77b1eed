//! The token check, which words its refusal differently for the two APIs.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::Gitlab;

pub(super) async fn graphql(State(gitlab): State<Gitlab>, request: Request, next: Next) -> Response {
    let refusal = json!({ "errors": [{ "message": "Invalid token" }] });
    check(&gitlab, request, next, refusal).await
}

pub(super) async fn rest(State(gitlab): State<Gitlab>, request: Request, next: Next) -> Response {
    check(&gitlab, request, next, json!({ "message": "401 Unauthorized" })).await
}

async fn check(gitlab: &Gitlab, request: Request, next: Next, refusal: Value) -> Response {
    let sent = sent_token(request.headers()).unwrap_or_default();
    if verify_slices_are_equal(sent.as_bytes(), gitlab.token().as_bytes()).is_ok() {
        next.run(request).await
    } else {
        (StatusCode::UNAUTHORIZED, Json(refusal)).into_response()
    }
}

fn sent_token(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    text("private-token").or_else(|| text(header::AUTHORIZATION.as_str())?.strip_prefix("Bearer "))
}
