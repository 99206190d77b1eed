//! Answers and refusals as JSON:API writes them.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The framework behind the real one adds the character set, though JSON:API knows no such parameter.
const MEDIA_TYPE: &str = "application/vnd.api+json; charset=utf-8";

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    /// No such token.
    Unauthorized,
    /// No such thing, or no right to see it: the two read alike.
    NotFound,
    /// An include that this resource does not offer.
    InvalidInclude,
    /// Too many calls.
    TooManyRequests,
    /// The outputs of a new state have not been read yet.
    OutputsNotReady,
}

pub(super) fn document(body: &Value) -> Response {
    respond(StatusCode::OK, body)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, title, detail) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", None),
            Self::NotFound => (StatusCode::NOT_FOUND, "not found", None),
            Self::InvalidInclude => (StatusCode::BAD_REQUEST, "bad request", Some("Invalid include parameter")),
            Self::TooManyRequests => {
                let detail = Some("You have exceeded the API's rate limit.");
                (StatusCode::TOO_MANY_REQUESTS, "Too many requests", detail)
            }
            Self::OutputsNotReady => {
                let detail =
                    Some("State version outputs are being processed and are not yet ready. Retry the request.");
                (StatusCode::SERVICE_UNAVAILABLE, "service unavailable", detail)
            }
        };
        // The one refusal whose status is a number comes from the limiter before the application.
        let code = if status == StatusCode::TOO_MANY_REQUESTS {
            json!(status.as_u16())
        } else {
            json!(status.as_u16().to_string())
        };
        let mut error = json!({ "status": code, "title": title });
        if let (Some(detail), Some(fields)) = (detail, error.as_object_mut()) {
            fields.insert("detail".to_owned(), json!(detail));
        }
        respond(status, &json!({ "errors": [error] }))
    }
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    (status, [(header::CONTENT_TYPE, media_type)], body.to_string()).into_response()
}
