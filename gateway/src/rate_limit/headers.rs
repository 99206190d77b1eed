//! `RateLimit-Policy` and `RateLimit`, as the IETF draft has them: structured fields.

use axum::http::{HeaderName, HeaderValue};

use super::{Config, Verdict};

/// The two headers.
pub(super) fn of(config: &Config, verdict: &Verdict) -> [(HeaderName, HeaderValue); 2] {
    let window = config.window.as_secs();
    let reset = verdict.reset_after.as_secs_f64().ceil();
    let policy = format!("\"default\";q={};w={window}", config.points);
    let state = format!("\"default\";r={};t={reset:.0}", verdict.remaining);
    let value = |text: String| HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    [(HeaderName::from_static("ratelimit-policy"), value(policy)), (HeaderName::from_static("ratelimit"), value(state))]
}
