//! The query of a list or watch.

use std::collections::HashMap;

use axum::{extract::Query, http::Uri};

use super::status::Refusal;

/// The options of a list or watch. What it does not know it ignores, as the API server does.
#[derive(Clone, Debug, Default)]
pub(super) struct ListOptions {
    /// 0: everything.
    pub(super) limit: usize,
    pub(super) go_on: Option<String>,
    pub(super) label_selector: String,
    pub(super) field_selector: String,
    pub(super) resource_version: ResourceVersion,
    pub(super) matching: Option<String>,
    pub(super) is_watch: bool,
    pub(super) wants_bookmarks: bool,
    pub(super) wants_initial_events: Option<bool>,
    pub(super) timeout_seconds: Option<u64>,
}

/// The `resourceVersion` asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ResourceVersion {
    /// The most recent.
    #[default]
    Unset,
    /// `0`: any that is at hand.
    Any,
    Number(u64),
}

impl ListOptions {
    pub(super) fn of(uri: &Uri) -> Result<Self, Refusal> {
        let query = Query::<HashMap<String, String>>::try_from_uri(uri)
            .map_err(|error| Refusal::bad_request(error.to_string()))?;
        let text = |key: &str| query.get(key).filter(|value| !value.is_empty()).cloned();
        let number = |key: &str| match text(key) {
            None => Ok(None),
            Some(value) => value
                .parse::<i64>()
                .map(Some)
                .map_err(|_| Refusal::bad_request(format!("strconv.ParseInt: parsing \"{value}\": invalid syntax"))),
        };
        let options = Self {
            limit: usize::try_from(number("limit")?.unwrap_or(0)).unwrap_or(0),
            go_on: text("continue"),
            label_selector: text("labelSelector").unwrap_or_default(),
            field_selector: text("fieldSelector").unwrap_or_default(),
            resource_version: version(text("resourceVersion"))?,
            matching: text("resourceVersionMatch"),
            is_watch: is_set(&query, "watch").unwrap_or(false),
            wants_bookmarks: is_set(&query, "allowWatchBookmarks").unwrap_or(false),
            wants_initial_events: is_set(&query, "sendInitialEvents"),
            timeout_seconds: number("timeoutSeconds")?.and_then(|seconds| u64::try_from(seconds).ok()),
        };
        options.check()?;
        Ok(options)
    }

    fn check(&self) -> Result<(), Refusal> {
        let forbid = |field: &str, message: &str| Err(Refusal::invalid(field, format!("Forbidden: {message}")));
        let match_field = "resourceVersionMatch";
        match (&self.matching, self.wants_initial_events) {
            (Some(_), None) if self.is_watch => forbid(match_field, "resourceVersionMatch is forbidden for watch"),
            (None, Some(_)) => {
                forbid(match_field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
            }
            (_, Some(_)) if !self.is_watch => forbid("sendInitialEvents", "sendInitialEvents is forbidden for list"),
            (Some(_), None) if self.resource_version == ResourceVersion::Unset => {
                forbid(match_field, "resourceVersionMatch is forbidden unless resourceVersion is provided")
            }
            (Some(_), None) if self.go_on.is_some() => {
                forbid(match_field, "resourceVersionMatch is forbidden when continue is provided")
            }
            (Some(kind), _) if kind != "Exact" && kind != "NotOlderThan" => Err(Refusal::invalid(
                match_field,
                format!("Unsupported value: \"{kind}\": supported values: \"Exact\", \"NotOlderThan\""),
            )),
            (Some(kind), _) if kind == "Exact" && self.resource_version == ResourceVersion::Any => {
                forbid(match_field, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
            }
            _ => Ok(()),
        }
    }
}

fn version(text: Option<String>) -> Result<ResourceVersion, Refusal> {
    match text.as_deref() {
        None => Ok(ResourceVersion::Unset),
        Some("0") => Ok(ResourceVersion::Any),
        Some(text) => text.parse().map(ResourceVersion::Number).map_err(|_| {
            Refusal::bad_request(format!(
                "resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax"
            ))
        }),
    }
}

/// A flag as the API server reads it: anything but `0` and `false` is yes.
fn is_set(query: &HashMap<String, String>, key: &str) -> Option<bool> {
    query.get(key).map(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}
