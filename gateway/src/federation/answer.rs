//! Answers one operation over the composed graph.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    Supergraph,
    execute::{Execution, State},
    freshness::Freshness,
    projection::{PathSegment, ToldToClient, Writer},
    services::RequestServices,
    supergraph::Planned,
};
use crate::{App, executor::Job, http::Answer, prepare::OperationKind};

/// Of the time of a request, for subgraphs: the rest is for an answer with what is there by then.
pub(super) const SUBGRAPH_SHARE: f64 = 0.9;

/// Most errors that are told.
const ERRORS_MAX: usize = 100;

/// Executes an operation; within the deadline, whatever services do. The answer, and how long what subgraphs gave may be kept.
pub async fn answer(
    app: &Arc<App>,
    supergraph: &Arc<Supergraph>,
    job: Job<'_>,
    headers: &HeaderMap,
) -> (Answer, Duration) {
    let Job { mut prepared, principal, cache_mode, wants_receipts, patience, standing, request_id } = job;
    let (begun, timeout) = (Instant::now(), app.config.server.request_timeout);
    let planned = match supergraph.planned(&prepared).await {
        Ok(planned) => planned,
        Err(refusal) => return (Answer::refused(&refusal, request_id), Duration::ZERO),
    };
    let services = RequestServices {
        app,
        supergraph,
        principal: &principal,
        headers,
        cache_mode,
        wants_receipts,
        patience,
        standing,
        freshest: prepared.ages().least(),
        request_id,
        is_mutation: prepared.chosen.kind() == OperationKind::Mutation,
        event: None,
        freshness: Freshness::default(),
        deadline: begun + timeout.mul_f64(SUBGRAPH_SHARE),
        end: begun + timeout,
    };
    let about_schema = prepared.take_schema_fields();
    let bytes_max = app.config.federation.answer_bytes_max();
    let state = Execution::new(&planned.plan, &prepared.variables, &services, bytes_max).run().await;
    if !state.told.is_empty() {
        // Also where the client is not told, for it did not ask for what went wrong.
        services.freshness.limit(0);
    }
    let answer = write(&planned, state, (&about_schema, wants_receipts), request_id);
    metrics::histogram!("weft_federation_seconds").record(begun.elapsed().as_secs_f64());
    // What was handed over may live shorter than anything that the client selected.
    if planned.plan.hands_over() {
        services.freshness.limit(0);
    }
    let max_age = services.freshness.max_age();
    supergraph.note_kept(prepared.chosen.document().hash(), !max_age.is_zero());
    (answer, max_age)
}

/// What was put together, as the client asked for it. `about_schema` is what was asked about the schema itself, by response key.
pub(super) fn write(
    planned: &Planned,
    state: State<'_>,
    (about_schema, wants_receipts): (&HashMap<String, Value>, bool),
    request_id: &str,
) -> Answer {
    let State { root, bodies, failures, told, notes, bytes_max, .. } = state;
    let (keys, projection) = (&planned.plan.keys, &planned.projection);
    let mut writer = Writer::new(keys, planned.plan.typename, &bodies, &failures, about_schema, &told, bytes_max);
    writer.data(&root, &projection.root);
    let Writer { out, errors: told, .. } = writer;
    let count = told.len();
    let mut errors: Vec<Value> = told.into_iter().take(ERRORS_MAX).map(|told| error(told, request_id)).collect();
    if count > ERRORS_MAX {
        let extensions = json!({ "code": schema::ErrorCode::InternalServerError.as_str(), "requestId": request_id });
        let message = format!("{} more errors are not told", count - ERRORS_MAX);
        errors.push(json!({ "message": message, "extensions": extensions }));
    }
    let mut answer = Answer::begun(out, errors);
    for name in ["stale", "receipts"] {
        let of_name = notes.iter().filter(|(noted, ..)| *noted == name);
        let items: Vec<Value> = of_name.map(|(_, place, note)| noted(note, projection.path(place, keys))).collect();
        if !items.is_empty() || (name == "receipts" && wants_receipts) {
            answer = answer.with_extension(name, items.into());
        }
    }
    answer
}

fn error(told: ToldToClient, request_id: &str) -> Value {
    let ToldToClient { path, message, mut extensions } = told;
    extensions.insert("requestId".to_owned(), request_id.into());
    let mut error = Map::new();
    error.insert("message".to_owned(), message.into());
    if !path.is_empty() {
        error.insert("path".to_owned(), path_value(path));
    }
    error.insert("extensions".to_owned(), extensions.into());
    error.into()
}

fn noted(note: &Value, place: Vec<PathSegment>) -> Value {
    let mut note = note.clone();
    if let Value::Object(fields) = &mut note {
        fields.insert("path".to_owned(), path_value(place));
    }
    note
}

fn path_value(path: Vec<PathSegment>) -> Value {
    let segment = |segment: PathSegment| match segment {
        PathSegment::Name(name) => Value::from(name),
        PathSegment::Item(item) => Value::from(item),
    };
    path.into_iter().map(segment).collect()
}
