//! Resource Graph: one endpoint, its quota, and a small reader of its query language over three tables.
//!
//! What it cannot read it refuses, as the real one refuses what it does not support; it never guesses. The language is in
//! `kql/`, the tables are in `table.rs`.

mod failure;
mod kql;
mod page;
mod request;
mod subject;
mod table;

use axum::{
    body::Bytes,
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use serde_json::{Map, Value, json};

use super::{
    Azure,
    call::Call,
    error::{answer, ok},
    quota::Charge,
};
use failure::Failure;
use kql::{Cell, Rows};
use request::Request;

pub(super) fn endpoint(azure: &Azure, call: &Call, body: &Bytes) -> Response {
    let charge = azure.quotas().graph(&azure.world().limits, azure.now());
    let mut response = if charge.is_allowed {
        // A query that cannot be read has been paid for as well.
        query(azure, body).map_or_else(|failure| refuse(azure, call, &failure), |found| ok(&found))
    } else {
        refuse(azure, call, &Failure::throttled())
    };
    mark(&mut response, &charge);
    response
}

fn query(azure: &Azure, body: &Bytes) -> Result<Value, Failure> {
    let (world, now) = (azure.world(), azure.now());
    let request = Request::read(body, &world.limits)?;
    let query = kql::parse(&request.query)?;
    let table = table::Table::named(query.table.as_deref().unwrap_or("resources"))?;
    let rows = table.rows(&world, &request.scope, &query, now);
    let found = query.run(rows, now)?;
    Ok(page::answer(&request, &found))
}

fn refuse(azure: &Azure, call: &Call, failure: &Failure) -> Response {
    let (time, correlation) = (super::time::instant(azure.now()), &call.correlation_id);
    let message = format!(
        "Please provide below info when asking for support: timestamp = {time}, correlationId = {correlation}."
    );
    answer(
        failure.status,
        &json!({
            "error": { "code": failure.code, "message": message, "details": failure.details },
        }),
    )
}

fn mark(response: &mut Response, charge: &Charge) {
    let headers = response.headers_mut();
    let name = HeaderName::from_static;
    headers.insert(name("x-ms-user-quota-remaining"), HeaderValue::from(charge.remaining));
    if let Ok(text) = HeaderValue::from_str(&charge.wait_text()) {
        headers.insert(name("x-ms-user-quota-resets-after"), text);
    }
}

/// The rows as an array of objects.
fn objects(rows: &Rows, from: usize, to: usize) -> Value {
    let object = |row: &Vec<Cell>| -> Map<String, Value> {
        rows.columns.iter().zip(row).map(|(column, cell)| (column.name.clone(), cell.to_json())).collect()
    };
    json!(rows.rows.get(from..to).unwrap_or_default().iter().map(object).collect::<Vec<_>>())
}

/// The rows as a table.
fn tabular(rows: &Rows, from: usize, to: usize) -> Value {
    let columns: Vec<_> =
        rows.columns.iter().map(|column| json!({ "name": column.name, "type": column.kind.as_str() })).collect();
    let cells = |row: &Vec<Cell>| row.iter().map(Cell::to_json).collect::<Vec<_>>();
    json!({ "columns": columns, "rows": rows.rows.get(from..to).unwrap_or_default().iter().map(cells).collect::<Vec<_>>() })
}

impl Failure {
    fn throttled() -> Self {
        let message = "Client application has been throttled and should not attempt to repeat the request until an \
                       amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.";
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "RateLimiting",
            details: vec![json!({ "code": "RateLimiting", "message": message })],
        }
    }
}
