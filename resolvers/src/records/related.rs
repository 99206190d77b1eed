//! Entities that other entities name: loaded together, each written once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use ahash::RandomState;
use async_graphql::{Error, Pos, parser::types::SelectionSet};
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use schema::{EntityRecord, EntityRef};
use sources::postgres::Found;

use super::{
    ObjectKind, columns,
    fields::Named,
    json,
    plan::{Plan, Step, What},
};
use crate::{
    error::OrFieldError,
    request::{PathSegment, RequestData},
};

/// Room for one entity of a few texts.
const BYTES_LIKELY: usize = 128;

/// An error inside something written, with its path from there.
#[derive(Clone)]
pub struct Failure {
    /// From the outside in.
    pub path: Vec<PathSegment>,
    /// Where in the document.
    pub pos: Pos,
    /// What went wrong.
    pub error: Error,
}

/// An entity as bytes.
#[derive(Default)]
pub struct Written {
    /// JSON.
    pub bytes: Vec<u8>,
    /// What is null in it because it failed.
    pub failures: Vec<Failure>,
}

/// Entities as bytes, found by their references.
pub type WrittenByRef = HashMap<Found, Written, RandomState>;

/// What became of one step over all entities: each named entity that may stand there, or why there is none.
pub type Outcome = Result<WrittenByRef, Error>;

/// Writes every entity that `step` of these records leads to.
fn write_named<'a>(
    request: &'a RequestData,
    records: &'a [Arc<EntityRecord>],
    step: &'a Step<'a>,
    named: &'a Named,
) -> BoxFuture<'a, Outcome> {
    async move {
        let set = &step.field.node.selection_set.node;
        let refs: HashSet<&EntityRef, RandomState> =
            records.iter().filter_map(|record| (named.entity_ref)(record)).collect();
        let mut found = request.references().load_many(refs.iter().copied(), columns(set)).await.or_field_error()?;
        found.retain(|record| named.kinds.contains(&ObjectKind::of(record)));
        Ok(write_each(request, found, named.kinds, set).await)
    }
    .boxed()
}

/// Writes each of these entities once.
async fn write_each(
    request: &RequestData,
    records: Vec<Arc<EntityRecord>>,
    kinds: &[ObjectKind],
    set: &SelectionSet,
) -> WrittenByRef {
    let mut written = WrittenByRef::with_capacity_and_hasher(records.len(), RandomState::default());
    for kind in kinds {
        let of_kind: Vec<Arc<EntityRecord>> =
            records.iter().filter(|record| ObjectKind::of(record) == *kind).cloned().collect();
        let Some(plan) = Plan::of(*kind, set).filter(|_| !of_kind.is_empty()) else { continue };
        let outcomes = named_of_plan(request, &of_kind, &plan).await;
        for record in of_kind {
            let mut one = Written { bytes: Vec::with_capacity(BYTES_LIKELY), failures: Vec::new() };
            write_entity(&record, &plan, &outcomes, &mut Others::default(), &mut one);
            written.insert(Found(record), one);
        }
    }
    written
}

/// For each step of a plan, what the entities that it leads to became; none for the other steps.
pub async fn named_of_plan<'a>(
    request: &'a RequestData,
    records: &'a [Arc<EntityRecord>],
    plan: &'a Plan<'a>,
) -> Vec<Option<Outcome>> {
    let outcome = async |step: &'a Step<'a>| match &step.what {
        What::Named(named) => Some(write_named(request, records, step, named).await),
        _ => None,
    };
    if plan.steps.iter().all(|step| !matches!(step.what, What::Named(_))) {
        return Vec::new();
    }
    join_all(plan.steps.iter().map(outcome)).await
}

/// Values of the steps that the engine executed, in the order of entities and steps.
#[derive(Default)]
pub struct Others {
    /// Of what is read live.
    pub live: std::vec::IntoIter<async_graphql::Value>,
    /// Of anything else.
    pub rest: std::vec::IntoIter<async_graphql::Value>,
}

/// Writes one entity, and takes from `others` what the engine executed of it.
pub fn write_entity(
    record: &EntityRecord,
    plan: &Plan<'_>,
    outcomes: &[Option<Outcome>],
    others: &mut Others,
    out: &mut Written,
) {
    if plan.steps.is_empty() {
        out.bytes.extend_from_slice(b"{}");
        return;
    }
    for (at, step) in plan.steps.iter().enumerate() {
        out.bytes.extend_from_slice(&step.key);
        match &step.what {
            What::TypeName => json::text(plan.kind.name(), &mut out.bytes),
            What::Id => json::entity_id(plan.kind.name(), record.id, &mut out.bytes),
            What::Scalar(write) => write(record, &mut out.bytes),
            What::Live => json::value(&others.live.next().unwrap_or_default(), &mut out.bytes),
            What::Other => json::value(&others.rest.next().unwrap_or_default(), &mut out.bytes),
            What::Named(named) => {
                let outcome = outcomes.get(at).and_then(Option::as_ref);
                write_outcome((named.entity_ref)(record), step, outcome, out);
            }
        }
    }
    out.bytes.push(b'}');
}

fn write_outcome(entity_ref: Option<&EntityRef>, step: &Step<'_>, outcome: Option<&Outcome>, out: &mut Written) {
    let key = || PathSegment::Name(step.field.node.response_key().node.to_string());
    match (entity_ref, outcome) {
        (Some(entity_ref), Some(Ok(written))) => match written.get(entity_ref) {
            Some(written) => {
                out.bytes.extend_from_slice(&written.bytes);
                out.failures.extend(written.failures.iter().map(|failure| Failure {
                    path: std::iter::once(key()).chain(failure.path.iter().cloned()).collect(),
                    ..failure.clone()
                }));
            }
            None => out.bytes.extend_from_slice(b"null"),
        },
        (Some(_), Some(Err(error))) => {
            out.bytes.extend_from_slice(b"null");
            out.failures.push(Failure { path: vec![key()], pos: step.field.pos, error: error.clone() });
        }
        _ => out.bytes.extend_from_slice(b"null"),
    }
}
