//! Lists: filter, order, cut a page, link to its neighbours.

use std::fmt::Write as _;

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    call::Call,
    filter::Filter,
    model::Model,
    order::Order,
    refusal::Refusal,
    row::{Row, Scope},
};

const PAGE_SIZE: usize = 25;

/// Larger pages are asked for in vain: they are cut to this without a word.
pub(super) const PAGE_SIZE_MAX: usize = 200;

pub(super) fn list<'w, R: Row<'w>>(
    call: &Call,
    scope: &Scope<'w>,
    model: &Model,
    rows: impl IntoIterator<Item = R>,
) -> Result<Response, Refusal> {
    let filter = Filter::parse(model, &call.query)?;
    let order = Order::parse(model, &call.query)?;
    let rows = rows.into_iter().filter(|row| filter.matches(scope, row)).collect();
    let rows = order.sort(scope, rows);
    let asked = call.parameter("page_size").and_then(|size| size.parse().ok()).filter(|size| *size > 0);
    let size = asked.unwrap_or(PAGE_SIZE).min(PAGE_SIZE_MAX);
    let is_counted = call.parameter("count_disabled").is_none();
    // Without a count the real paginator believes in one page and refuses every other.
    let pages = if is_counted { rows.len().div_ceil(size).max(1) } else { 1 };
    let page = match call.parameter("page") {
        None => Some(1),
        Some("last") => Some(pages),
        Some(page) => page.parse().ok(),
    };
    let page = page.filter(|page| (1..=pages).contains(page)).ok_or_else(Refusal::invalid_page)?;
    let results: Vec<Value> = rows.iter().skip((page - 1) * size).take(size).map(|row| row.describe(scope)).collect();
    if !is_counted {
        return Ok(Json(json!({ "results": results })).into_response());
    }
    let answer = json!({
        "count": rows.len(),
        "next": (page < pages).then(|| link(call, page + 1)),
        "previous": (page > 1).then(|| link(call, page - 1)),
        "results": results,
    });
    Ok(Json(answer).into_response())
}

/// A list that is empty wherever it is asked for.
pub(super) fn empty() -> Response {
    Json(json!({ "count": 0, "next": null, "previous": null, "results": [] })).into_response()
}

/// The same list at another page, without a host. The real one sorts the parameters, and writes a size cut to the
/// maximum.
fn link(call: &Call, page: usize) -> String {
    let mut query: Vec<(&str, String)> = Vec::new();
    for (key, value) in call.query.iter().filter(|(key, _)| key != "page") {
        let is_cut = key == "page_size" && value.parse::<usize>().is_ok_and(|size| size > PAGE_SIZE_MAX);
        query.push((key, if is_cut { PAGE_SIZE_MAX.to_string() } else { value.clone() }));
    }
    query.push(("page", page.to_string()));
    query.sort_by_key(|(key, _)| *key);
    let pairs: Vec<_> = query.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    format!("{}?{}", call.path, pairs.join("&"))
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}
