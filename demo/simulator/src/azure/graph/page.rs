//! One page of a result, and the token that leads to the next.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{Failure, Rows, objects, request::Request, request::Scope, tabular};
use crate::seed::hash;

/// Stands for query and scope, which have to be repeated with a token.
pub(super) fn key(query: &str, scope: &Scope) -> u64 {
    let (kind, names) = match scope {
        Scope::Tenant => ("tenant", &[][..]),
        Scope::Subscriptions(ids) => ("subscriptions", ids.as_slice()),
        Scope::ManagementGroups(names) => ("groups", names.as_slice()),
    };
    hash(&[query.as_bytes(), kind.as_bytes(), names.join(",").as_bytes()])
}

/// How many rows a token leaves behind, and the size of its page.
pub(super) fn decode(token: &str, key: u64) -> Result<(usize, usize), Failure> {
    let read = || {
        let text = String::from_utf8(BASE64_STANDARD.decode(token).ok()?).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        let number = |name: &str| usize::try_from(value.get(name)?.as_u64()?).ok();
        (value.get("key")?.as_u64()? == key).then_some(())?;
        Some((number("skip")?, number("top")?))
    };
    let message = "The skip token is not valid for this query and scope.";
    read().ok_or_else(|| Failure::request("InvalidSkipToken", message))
}

pub(super) fn answer(request: &Request, found: &Rows) -> Value {
    let total = found.rows.len();
    let from = request.skip.min(total);
    let to = from.saturating_add(request.top).min(total);
    let (has_more, has_id) = (to < total, found.columns.iter().any(|column| column.name == "id"));
    let data = if request.is_table { tabular(found, from, to) } else { objects(found, from, to) };
    let mut body = json!({
        "totalRecords": total,
        "count": to - from,
        "data": data,
        "facets": [],
        // Truncated means: there is more, and no way to it.
        "resultTruncated": if has_more && !has_id { "true" } else { "false" },
    });
    if let (true, true, Some(body)) = (has_more, has_id, body.as_object_mut()) {
        let place = json!({ "skip": to, "top": request.top, "key": key(&request.query, &request.scope) });
        body.insert("$skipToken".to_owned(), json!(BASE64_STANDARD.encode(place.to_string())));
    }
    body
}
