//! `POST /api/graphql`: enough of GraphQL to be asked the way a real GitLab is asked, and to refuse as it refuses.
//!
//! The order of the checks is GitLab's: size, syntax, validity against the types, complexity, and only then the data.

mod complexity;
mod error;
mod execute;
mod more;
mod operation;
mod page;
mod resolve;
mod types;
mod validate;
mod variables;

use async_graphql_parser::parse_query;
use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Gitlab;
use crate::calls::FullPaths;
use error::error;
use operation::Operation;

/// The most characters a call's documents may have together.
const QUERY_CHARACTERS_MAX: usize = 10_000;

/// The limit for callers with a token.
const COMPLEXITY_MAX: i64 = 250;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    #[serde(default)]
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
    #[serde(default)]
    operation_name: Option<String>,
}

/// GitLab takes a list of requests too, and answers with a list.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Body {
    Batch(Vec<Request>),
    Single(Request),
}

pub(super) async fn endpoint(State(gitlab): State<Gitlab>, Json(body): Json<Body>) -> Response {
    let requests = match &body {
        Body::Batch(requests) => requests.as_slice(),
        Body::Single(request) => std::slice::from_ref(request),
    };
    if requests.iter().map(|request| request.query.chars().count()).sum::<usize>() > QUERY_CHARACTERS_MAX {
        let refusal = json!({ "errors": [{ "message": "Query too large" }] });
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(refusal)).into_response();
    }
    let (mut answers, mut full_paths) = (Vec::new(), 0);
    for request in requests {
        let (answer, asked) = answer(&gitlab, request);
        answers.push(answer);
        full_paths += asked;
    }
    let answer = match body {
        Body::Batch(_) => Value::Array(answers),
        Body::Single(_) => answers.pop().unwrap_or_default(),
    };
    (Extension(FullPaths(full_paths)), Json(answer)).into_response()
}

/// The answer to one request, and how many paths it asked for.
fn answer(gitlab: &Gitlab, request: &Request) -> (Value, usize) {
    let refused = |errors: Vec<Value>| (json!({ "errors": errors }), 0);
    let document = match parse_query(&request.query) {
        Ok(document) => document,
        Err(fault) => return refused(vec![error(&format!("Parse error: {fault}"), fault.positions().next(), &[])]),
    };
    let mut operation = match Operation::choose(&document, request.operation_name.as_deref()) {
        Ok(operation) => operation,
        Err(message) => return refused(vec![error(&message, None, &[])]),
    };
    let errors = validate::validate(&operation);
    if !errors.is_empty() {
        return refused(errors);
    }
    match variables::coerce(operation.definition, request.variables.as_ref()) {
        Ok(variables) => operation.variables = variables,
        Err(errors) => return refused(errors),
    }
    let asked = operation.full_paths();
    let score = complexity::score(&operation);
    if score > COMPLEXITY_MAX {
        let message = format!("Query has complexity of {score}, which exceeds max complexity of {COMPLEXITY_MAX}");
        return (json!({ "errors": [error(&message, None, &[])] }), asked);
    }
    (execute::execute(gitlab, &operation, score), asked)
}
