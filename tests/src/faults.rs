//! The ways in which an upstream misbehaves, and the code that its fields then have.

use std::time::Duration;

use simulator::Fault;

/// What every upstream is put through, then `own`, each with the code that follows. The last is obeyed: nothing is asked until
/// the `wait` that it asks for is over.
pub fn faults(
    own: impl IntoIterator<Item = (Fault, &'static str)>,
    wait: Duration,
) -> impl Iterator<Item = (Fault, &'static str)> {
    let common = [
        (Fault::Status { code: 500 }, "UPSTREAM_UNAVAILABLE"),
        (Fault::Status { code: 502 }, "UPSTREAM_UNAVAILABLE"),
        (Fault::Html, "UPSTREAM_ERROR"),
        (Fault::Hang, "UPSTREAM_TIMEOUT"),
        (Fault::Drop, "UPSTREAM_UNAVAILABLE"),
        (Fault::Refuse, "UPSTREAM_UNAVAILABLE"),
        (Fault::TruncatedJson, "UPSTREAM_ERROR"),
        (Fault::BrokenBody, "UPSTREAM_UNAVAILABLE"),
        (Fault::Garbage, "UPSTREAM_ERROR"),
        (Fault::HugeBody { body_bytes: 64 << 20 }, "UPSTREAM_ERROR"),
        (Fault::WrongContentType, "UPSTREAM_ERROR"),
        (Fault::Redirect { location: "http://127.0.0.1:9/".to_owned() }, "UPSTREAM_ERROR"),
        (Fault::DeepJson { depth: 100_000 }, "UPSTREAM_ERROR"),
    ];
    let throttled = Fault::Throttled { retry_after_seconds: Some(wait.as_secs()) };
    common.into_iter().chain(own).chain([(throttled, "UPSTREAM_THROTTLED")])
}
