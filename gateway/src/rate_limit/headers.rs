//! `RateLimit-Policy` and `RateLimit`, as the IETF draft has them: structured fields.

use std::fmt::Write;

use axum::http::{HeaderName, HeaderValue};

use super::{Standing, Verdict};

/// The two headers: of the principal's account, and where another one refused, of that too.
pub(super) fn of(verdict: &Verdict) -> [(HeaderName, HeaderValue); 2] {
    let told = verdict.standings.iter().enumerate().filter(|(at, _)| *at == 0 || verdict.refused_by == Some(*at));
    let (mut policies, mut states) = (String::with_capacity(64), String::with_capacity(64));
    for (_, standing) in told {
        let Standing { policy, rate, left, full_in } = standing;
        let between = if policies.is_empty() { "" } else { ", " };
        let reset = full_in.as_secs() + u64::from(full_in.subsec_nanos() > 0);
        // Into memory: nothing here can fail.
        let _ = write!(policies, "{between}\"{policy}\";q={};w={}", rate.points, rate.window.as_secs());
        let _ = write!(states, "{between}\"{policy}\";r={left};t={reset}");
    }
    let value = |text: String| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
    [
        (HeaderName::from_static("ratelimit-policy"), value(policies)),
        (HeaderName::from_static("ratelimit"), value(states)),
    ]
}
