//! How each resource looks on the wire.
//!
//! Attributes are those of the specification plus those that only the documentation's samples have. Two ways to write an
//! instant occur side by side, as in the real one.

pub(super) mod assessment;
pub(super) mod configuration;
pub(super) mod cost_estimate;
pub(super) mod organization;
pub(super) mod plan;
pub(super) mod project;
pub(super) mod run;
pub(super) mod state;
pub(super) mod tag;
pub(super) mod user;
pub(super) mod workspace;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

/// `2021-08-16T21:50:58.726Z`, as attributes have it.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `2021-08-16T21:50:58+00:00`, as `status-timestamps` has it.
fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Those of the timestamps that have come.
fn stamps(known: impl IntoIterator<Item = (impl Into<String>, Option<DateTime<Utc>>)>) -> Value {
    let known = known.into_iter().filter_map(|(name, at)| Some((name.into(), json!(stamp(at?)))));
    Value::Object(known.collect::<Map<_, _>>())
}

/// A resource identifier.
fn reference(kind: &str, id: impl Into<String>) -> Value {
    json!({ "id": id.into(), "type": kind })
}

/// Every permission named granted or not.
fn permissions(names: &[&str], is_granted: impl Fn(&str) -> bool) -> Value {
    Value::Object(names.iter().map(|name| ((*name).to_owned(), json!(is_granted(name)))).collect())
}

/// The address of a log at the blob store. It is never served: whoever shows it has shown a secret.
fn log_url(url: &str, id: &str) -> String {
    format!("{url}/_archivist/v1/object/{id}")
}
