//! Entities that other entities name: loaded together, each written once.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql::{Error, Pos, parser::types::SelectionSet};
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use schema::{EntityRecord, EntityRef};

use super::{
    ObjectKind, columns, json,
    plan::{Plan, Step, What},
};
use crate::{
    error::OrFieldError,
    loaders::RefKey,
    request::{PathSegment, RequestData},
};

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

/// What became of one step over all entities: each named entity that may stand there, or why there is none.
pub type Outcome = Result<HashMap<EntityRef, Written>, Error>;

/// Writes every entity that `step` of these records leads to.
pub fn write_named<'a>(
    request: &'a RequestData,
    records: Vec<Arc<EntityRecord>>,
    step: &'a Step<'a>,
) -> BoxFuture<'a, Outcome> {
    async move {
        let What::Named(named) = &step.what else { return Ok(HashMap::new()) };
        let set = &step.field.node.selection_set.node;
        let refs: HashSet<&EntityRef> = records.iter().filter_map(|record| (named.entity_ref)(record)).collect();
        if refs.is_empty() {
            return Ok(HashMap::new());
        }
        let columns = columns(set);
        let keys = refs.into_iter().map(|entity_ref| RefKey { entity_ref: entity_ref.clone(), columns });
        let found = request.loaders().load_many(keys).await.or_field_error()?;
        let found: Vec<Arc<EntityRecord>> =
            found.into_values().filter(|record| named.kinds.contains(&ObjectKind::of(record))).collect();
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
) -> HashMap<EntityRef, Written> {
    let mut written = HashMap::with_capacity(records.len());
    for kind in kinds {
        let of_kind: Vec<Arc<EntityRecord>> =
            records.iter().filter(|record| ObjectKind::of(record) == *kind).cloned().collect();
        let Some(plan) = Plan::of(*kind, set).filter(|_| !of_kind.is_empty()) else { continue };
        let outcomes = named_of_plan(request, &of_kind, &plan).await;
        for record in of_kind {
            let mut one = Written::default();
            write_entity(&record, &plan, &outcomes, &mut Vec::new().into_iter(), &mut one);
            written.insert(record.entity_ref.clone(), one);
        }
    }
    written
}

/// For each step of a plan, what the entities that it leads to became; none for the other steps.
pub async fn named_of_plan<'a>(
    request: &'a RequestData,
    records: &[Arc<EntityRecord>],
    plan: &'a Plan<'a>,
) -> Vec<Option<Outcome>> {
    let outcome = |step: &'a Step<'a>| {
        let records = matches!(step.what, What::Named(_)).then(|| records.to_vec());
        async move {
            match records {
                Some(records) => Some(write_named(request, records, step).await),
                None => None,
            }
        }
    };
    join_all(plan.steps.iter().map(outcome)).await
}

/// Writes one entity. `others` holds the values of the steps that the engine executed, in the order of the steps.
pub fn write_entity(
    record: &EntityRecord,
    plan: &Plan<'_>,
    outcomes: &[Option<Outcome>],
    others: &mut impl Iterator<Item = async_graphql::Value>,
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
            What::Other => json::value(&others.next().unwrap_or_default(), &mut out.bytes),
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
