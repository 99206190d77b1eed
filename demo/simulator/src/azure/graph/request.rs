//! The request around a query: scope, options, and where to go on.

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{Failure, page};
use crate::azure::Limits;

/// What is wanted, checked.
pub(super) struct Request {
    pub(super) query: String,
    pub(super) scope: Scope,
    pub(super) skip: usize,
    pub(super) top: usize,
    pub(super) is_table: bool,
}

/// Whose rows are wanted.
#[derive(Clone)]
pub(super) enum Scope {
    /// Everything the caller may see.
    Tenant,
    /// These, in lower case; unknown ones have no rows.
    Subscriptions(Vec<String>),
    /// These; only the tenant's root group, which has the tenant's id, has rows.
    ManagementGroups(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: Option<String>,
    subscriptions: Option<Vec<String>>,
    management_groups: Option<Vec<String>>,
    options: Option<Options>,
    facets: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
struct Options {
    #[serde(rename = "$top")]
    top: Option<i64>,
    #[serde(rename = "$skip")]
    skip: Option<i64>,
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
    #[serde(rename = "resultFormat")]
    result_format: Option<String>,
}

impl Request {
    pub(super) fn read(bytes: &Bytes, limits: &Limits) -> Result<Self, Failure> {
        let body: Body = serde_json::from_slice(bytes).map_err(|error| {
            Failure::request("InvalidRequestContent", &format!("The request content could not be read: {error}."))
        })?;
        if body.facets.is_some_and(|facets| !facets.is_empty()) {
            return Err(Failure::request("NotSupported", "Facets are not served here."));
        }
        let query = body.query.filter(|query| !query.trim().is_empty());
        let query = query.ok_or_else(|| Failure::request("EmptyQuery", "The query must not be empty."))?;
        let scope = match (body.subscriptions, body.management_groups) {
            (Some(_), Some(_)) => {
                let message = "Subscriptions and management groups cannot be given together.";
                return Err(Failure::request("InvalidScope", message));
            }
            (Some(ids), None) => Scope::Subscriptions(ids.iter().map(|id| id.to_lowercase()).collect()),
            (None, Some(names)) => Scope::ManagementGroups(names),
            (None, None) => Scope::Tenant,
        };
        let options = body.options.unwrap_or_default();
        let is_table = match options.result_format.as_deref() {
            None => false,
            Some(format) if format.eq_ignore_ascii_case("objectArray") => false,
            Some(format) if format.eq_ignore_ascii_case("table") => true,
            Some(format) => {
                return Err(Failure::request("InvalidResultFormat", &format!("Result format '{format}' is unknown.")));
            }
        };
        let key = page::key(&query, &scope);
        let place = options.skip_token.as_deref().map(|token| page::decode(token, key)).transpose()?;
        let max = i64::from(limits.graph_page_max);
        let sent_top = number(options.top, "$top", 1, max)?;
        let sent_skip = number(options.skip, "$skip", 0, i64::MAX)?;
        let by_default = usize::try_from(limits.graph_page_default.min(limits.graph_page_max)).unwrap_or(usize::MAX);
        // What is sent beside a token has precedence over what the token says.
        let skip = sent_skip.or(place.map(|(skip, _)| skip)).unwrap_or(0);
        let top = sent_top.or(place.map(|(_, top)| top)).unwrap_or(by_default);
        Ok(Self { query, scope, skip, top, is_table })
    }
}

fn number(sent: Option<i64>, name: &str, min: i64, max: i64) -> Result<Option<usize>, Failure> {
    let Some(number) = sent else { return Ok(None) };
    let valid = usize::try_from(number).ok().filter(|_| (min..=max).contains(&number));
    let message = || format!("The value {number} of {name} must be between {min} and {max}.");
    valid.map(Some).ok_or_else(|| Failure::request("InvalidQueryOptions", &message()))
}
