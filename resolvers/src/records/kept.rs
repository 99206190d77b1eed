//! `KeptLists`: what the live fields of a list were written as, kept for as long as the caches would say the same. A dashboard that
//! many look at is put together once, and then for each reader only as long as it takes to see that nothing changed.
//!
//! What is kept never outlives the entries that it was made of (`sources::cache::Uses`): the first that ceases to be fresh, is
//! replaced or evicted ends it. It is found by everything else that it depends on: the tenant, the fields with their arguments,
//! and the annotations of each entity. Whatever failed, or was not fresh, is not kept.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ahash::RandomState;
use async_graphql::{ContextSelectionSet, Value};
use moka::sync::Cache;
use schema::EntityRecord;
use sources::cache::Basis;

use super::{
    json,
    live::write_form,
    plan::{Plan, What},
};
use crate::request::RequestData;

/// One list may take this part of the whole room.
const SHARE_MAX: usize = 8;
/// About what an entry takes besides its texts: for each value, and for each entry of the caches that it rests on.
const BYTES_EACH: usize = 80;

/// Live parts of lists, as they were written; of all requests.
pub struct KeptLists {
    lists: Cache<Arc<[u8]>, Arc<KeptList>, RandomState>,
    list_bytes_max: usize,
    counts: [AtomicU64; 5],
}

/// What became of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOutcome {
    /// It was known.
    Hit,
    /// It had to be made.
    Miss,
    /// Something of it failed: it is not kept.
    Failed,
    /// Something of it was not fresh: it is not kept.
    NotFresh,
    /// It takes too much room: it is not kept.
    TooLarge,
}

impl ListOutcome {
    /// Its name in the metric.
    fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Failed => "failed",
            Self::NotFresh => "not_fresh",
            Self::TooLarge => "too_large",
        }
    }
}

struct KeptList {
    values: Box<[Value]>,
    basis: Basis,
    bytes: usize,
}

impl KeptLists {
    /// Room for so many bytes; beyond it the least used go.
    pub fn new(bytes_max: u64) -> Self {
        let weigh = |key: &Arc<[u8]>, list: &Arc<KeptList>| u32::try_from(key.len() + list.bytes).unwrap_or(u32::MAX);
        let lists = Cache::builder().max_capacity(bytes_max).weigher(weigh);
        let list_bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX) / SHARE_MAX;
        Self { lists: lists.build_with_hasher(RandomState::new()), list_bytes_max, counts: Default::default() }
    }

    /// How often lists came to this.
    pub fn counted(&self, outcome: ListOutcome) -> u64 {
        self.counts.get(outcome as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn count(&self, outcome: ListOutcome) {
        metrics::counter!("weft_kept_lists_total", "outcome" => outcome.as_str()).increment(1);
        if let Some(count) = self.counts.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Where the live part of one list is kept.
pub struct Place<'a> {
    kept: &'a KeptLists,
    request: &'a RequestData,
    key: Vec<u8>,
}

impl<'a> Place<'a> {
    /// The place of these records with these plans; none when nothing live is selected, or what it depends on is not known.
    pub fn of(
        ctx: &ContextSelectionSet<'a>,
        request: &'a RequestData,
        rows: &[(String, Arc<EntityRecord>)],
        plans: &[Option<Plan<'_>>],
    ) -> Option<Self> {
        let live = |plan: &&Plan<'_>| plan.steps.iter().any(|step| matches!(step.what, What::Live));
        plans.iter().flatten().find(live)?;
        let kept = request.kept_lists()?;
        let mut key = request.visibility().tenant.clone().into_bytes();
        for plan in plans.iter().flatten() {
            key.extend_from_slice(&[0, plan.kind.index() as u8]);
            for step in plan.steps.iter().filter(|step| matches!(step.what, What::Live)) {
                write_form(&step.field.node, &ctx.query_env.variables, &mut key)?;
            }
        }
        for (_, record) in rows {
            let annotations = record.annotations.as_ref()?.text();
            key.push(super::ObjectKind::of(record).index() as u8);
            key.extend_from_slice(&annotations.len().to_le_bytes());
            key.extend_from_slice(annotations.as_bytes());
        }
        Some(Self { kept, request, key })
    }

    /// The values that are kept there, in the order of rows and steps; none when they count no more.
    pub fn read(&self) -> Option<Vec<Value>> {
        let list = self.kept.lists.get(self.key.as_slice());
        let list = list.filter(|list| list.basis.holds(self.request.sources().clock().now()));
        self.kept.count(if list.is_some() { ListOutcome::Hit } else { ListOutcome::Miss });
        list.map(|list| list.values.to_vec())
    }

    /// Keeps these values there, if everything that the request read until now is sound.
    pub fn keep(self, ctx: &ContextSelectionSet<'_>, values: &[Value]) {
        let failed = |errors: &Vec<_>| !errors.is_empty();
        if ctx.query_env.errors.lock().map_or(true, |errors| failed(&errors)) {
            return self.kept.count(ListOutcome::Failed);
        }
        let Some(basis) = self.request.uses().basis(self.request.sources().clock().now()) else {
            return self.kept.count(ListOutcome::NotFresh);
        };
        let mut text = Vec::new();
        let ends: Vec<usize> = values
            .iter()
            .map(|value| {
                json::value(value, &mut text);
                text.len()
            })
            .collect();
        let bytes = text.len() + BYTES_EACH * (values.len() + basis.entries());
        if self.key.len() + bytes > self.kept.list_bytes_max {
            return self.kept.count(ListOutcome::TooLarge);
        }
        let text = bytes::Bytes::from(text);
        let mut from = 0;
        let cut = |end| Value::Binary(text.slice(std::mem::replace(&mut from, end)..end));
        let values = ends.into_iter().map(cut).collect();
        self.kept.lists.insert(self.key.into(), Arc::new(KeptList { values, basis, bytes }));
    }
}
