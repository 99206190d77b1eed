//! `RateLimit-Policy` and `RateLimit`, as the IETF draft has them: structured fields.

use axum::http::{HeaderName, HeaderValue};

use super::{Standing, Verdict};

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static STATE: HeaderName = HeaderName::from_static("ratelimit");

/// Room for what is told of one account.
const BYTES_LIKELY: usize = 64;

/// The two headers: of the principal's account, and where another one refused, of that too.
pub(super) fn of(verdict: &Verdict) -> [(HeaderName, HeaderValue); 2] {
    let told = verdict.standings.iter().enumerate().filter(|(at, _)| *at == 0 || verdict.refused_by == Some(*at));
    let (mut policies, mut states) = (Vec::with_capacity(BYTES_LIKELY), Vec::with_capacity(BYTES_LIKELY));
    for (_, standing) in told {
        let Standing { policy, rate, left, full_in } = standing;
        let reset = full_in.as_secs() + u64::from(full_in.subsec_nanos() > 0);
        item(&mut policies, policy, [("q", rate.points), ("w", rate.window.as_secs())]);
        item(&mut states, policy, [("r", *left), ("t", reset)]);
    }
    // The names of policies are configured, and may be none that a header can have.
    let value = |text: Vec<u8>| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
    [(POLICY.clone(), value(policies)), (STATE.clone(), value(states))]
}

/// Adds `"policy";key=number;key=number`.
fn item(out: &mut Vec<u8>, policy: &str, parameters: [(&str, u64); 2]) {
    let between: &[u8] = if out.is_empty() { b"\"" } else { b", \"" };
    out.extend_from_slice(between);
    out.extend_from_slice(policy.as_bytes());
    out.push(b'"');
    for (key, number) in parameters {
        out.push(b';');
        out.extend_from_slice(key.as_bytes());
        out.push(b'=');
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }
}
