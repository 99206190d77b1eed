//! How each upstream words a refusal that stands before everything else: too many calls, and a token that counts no more.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::Upstream;

/// 429 in the upstream's own words. `limit` is what its headers tell of the quota, where they tell anything.
pub(crate) fn throttled(
    upstream: Upstream,
    wait: Option<Duration>,
    limit: Option<(u32, Duration)>,
    now: DateTime<Utc>,
) -> Response {
    let seconds = wait.map(|wait| wait.as_secs().max(1));
    let body = match upstream {
        // An administrator may change the words.
        Upstream::Gitlab | Upstream::Awx | Upstream::Issuer => "Retry later\n".into_response(),
        Upstream::Openshift => {
            Json(status_object(429, "TooManyRequests", "too many requests", seconds)).into_response()
        }
        // A number here, a text everywhere else.
        Upstream::Terraform => jsonapi(json!({ "errors": [{ "status": 429, "title": "Too many requests",
            "detail": "You have exceeded the API's rate limit." }] })),
        Upstream::Azure => Json(json!({ "error": { "code": "429",
            "message": "Too many requests. Please retry." } }))
        .into_response(),
    };
    let mut response = (StatusCode::TOO_MANY_REQUESTS, body).into_response();
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    if let Some(seconds) = seconds {
        match upstream {
            Upstream::Terraform => put("x-ratelimit-reset", format!("{seconds}.0")),
            _ => put("retry-after", seconds.to_string()),
        }
    }
    if let (Upstream::Gitlab, Some((calls, window))) = (upstream, limit) {
        let per_minute = u64::from(calls) * 60 / window.as_secs().max(1);
        let reset = now.timestamp() + i64::try_from(seconds.unwrap_or(0)).unwrap_or(0);
        put("ratelimit-limit", per_minute.to_string());
        put("ratelimit-name", "throttle_authenticated_api".to_owned());
        put("ratelimit-observed", (per_minute + 1).to_string());
        put("ratelimit-remaining", "0".to_owned());
        put("ratelimit-reset", reset.to_string());
    }
    response
}

/// 401 in the upstream's own words.
pub(crate) fn unauthorized(upstream: Upstream) -> Response {
    let body = match upstream {
        Upstream::Gitlab => Json(json!({ "errors": [{ "message": "Invalid token" }] })).into_response(),
        Upstream::Openshift => Json(status_object(401, "Unauthorized", "Unauthorized", None)).into_response(),
        Upstream::Awx => {
            Json(json!({ "detail": "Authentication credentials were not provided. To establish a login session, visit /api/login/." }))
                .into_response()
        }
        Upstream::Terraform => jsonapi(json!({ "errors": [{ "status": "401", "title": "unauthorized" }] })),
        Upstream::Azure => Json(json!({ "error": { "code": "ExpiredAuthenticationToken",
            "message": "The access token expiry UTC time is earlier than current UTC time." } }))
        .into_response(),
        Upstream::Issuer => Json(json!({ "error": "invalid_token" })).into_response(),
    };
    (StatusCode::UNAUTHORIZED, body).into_response()
}

fn status_object(code: u16, reason: &str, message: &str, retry_after_seconds: Option<u64>) -> Value {
    let details = retry_after_seconds.map_or(json!({}), |seconds| json!({ "retryAfterSeconds": seconds }));
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
            "reason": reason, "details": details, "code": code })
}

fn jsonapi(body: Value) -> Response {
    ([(header::CONTENT_TYPE, "application/vnd.api+json")], body.to_string()).into_response()
}
