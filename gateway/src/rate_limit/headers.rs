//! `RateLimit-Policy` and `RateLimit`, as the IETF draft has them: structured fields.

use axum::http::{HeaderName, HeaderValue};

use super::{Standing, Verdict};

/// The two headers: of the principal's account, and where another one refused, of that too.
pub(super) fn of(verdict: &Verdict) -> [(HeaderName, HeaderValue); 2] {
    let told = verdict.standings.iter().enumerate().filter(|(at, _)| *at == 0 || verdict.refused_by == Some(*at));
    let told: Vec<&Standing> = told.map(|(_, standing)| standing).collect();
    let join = |items: Vec<String>| {
        HeaderValue::from_str(&items.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
    };
    let policy = |standing: &&Standing| {
        format!("\"{}\";q={};w={}", standing.policy, standing.rate.points, standing.rate.window.as_secs())
    };
    let state = |standing: &&Standing| {
        let reset = standing.full_in.as_secs_f64().ceil();
        format!("\"{}\";r={};t={reset:.0}", standing.policy, standing.left)
    };
    let (policies, states) = (told.iter().map(policy).collect(), told.iter().map(state).collect());
    [
        (HeaderName::from_static("ratelimit-policy"), join(policies)),
        (HeaderName::from_static("ratelimit"), join(states)),
    ]
}
