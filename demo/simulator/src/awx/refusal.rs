//! The answers that are not what was asked for: all of them `{"detail": "…"}`, as the framework under AWX words them.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    detail: String,
}

impl Refusal {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    /// A filter or an order that cannot be understood.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn unauthorized(what: &str) -> Self {
        let detail = format!("{what} To establish a login session, visit /api/login/.");
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "You do not have permission to perform this action.")
    }

    /// An object of a known kind that does not exist, or that the token may not see.
    pub(super) fn missing(class: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("No {class} matches the given query."))
    }

    pub(super) fn invalid_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Invalid page.")
    }

    /// An address of nothing.
    pub(super) fn unknown_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "The requested resource could not be found.")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "detail": self.detail }))).into_response()
    }
}
