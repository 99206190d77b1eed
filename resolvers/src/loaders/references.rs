//! `References`: entities by the references that others name them with. Most of what a list needs beside its own rows comes
//! this way, so a whole set of references is asked for at once and nothing is kept for each key but what was found.
//!
//! What fields ask for until execution waits is one look-up; what was found once is not looked up again in this request.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ahash::RandomState;
use futures::{FutureExt, channel::oneshot};
use schema::{EntityRecord, EntityRef, SourceKind, Visibility};
use sources::{
    SourceError, Sources,
    postgres::{ByRef, Columns},
};

use super::Outcome;
use crate::flush::FlushQueue;

/// Looks up references for one request.
pub struct References {
    sources: Sources,
    visibility: Arc<Visibility>,
    queue: FlushQueue,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    known: HashMap<EntityRef, Known, RandomState>,
    /// What is asked for and not yet sent.
    next: Option<Batch>,
}

/// What a look-up told of a reference.
struct Known {
    columns: Columns,
    /// None when it is not there or hidden.
    entity: Option<Arc<EntityRecord>>,
}

#[derive(Default)]
struct Batch {
    refs: HashSet<EntityRef, RandomState>,
    /// One statement for all: who needs little gets more when somebody does.
    columns: Option<Columns>,
    waiting: Vec<oneshot::Sender<Outcome<()>>>,
}

impl References {
    /// For this caller; `queue` must drive the execution.
    pub fn new(sources: Sources, visibility: Arc<Visibility>, queue: FlushQueue) -> Self {
        Self { sources, visibility, queue, state: Arc::default() }
    }

    /// The entity with this reference; none when it is not there or hidden.
    pub async fn load_one(&self, entity_ref: &EntityRef, columns: Columns) -> Outcome<Option<Arc<EntityRecord>>> {
        Ok(self.load_many(std::iter::once(entity_ref), columns).await?.pop())
    }

    /// The entities with these references, in the same order, less those that are not there or hidden.
    pub async fn load_many<'r>(
        &self,
        refs: impl Iterator<Item = &'r EntityRef> + Clone,
        columns: Columns,
    ) -> Outcome<Vec<Arc<EntityRecord>>> {
        if let Some(answer) = self.ask(refs.clone(), columns) {
            let gone = |_| SourceError::unavailable(SourceKind::Postgres, "the look-up was given up");
            answer.await.map_err(gone)??;
        }
        let state = lock(&self.state);
        Ok(refs.filter_map(|entity_ref| state.known.get(entity_ref)?.entity.clone()).collect())
    }

    /// Forgets what was found: it may have changed.
    pub fn forget(&self) {
        lock(&self.state).known.clear();
    }

    /// Puts what is not known into the next look-up; none when all is known.
    fn ask<'r>(
        &self,
        refs: impl Iterator<Item = &'r EntityRef>,
        columns: Columns,
    ) -> Option<oneshot::Receiver<Outcome<()>>> {
        let mut state = lock(&self.state);
        let State { known, next } = &mut *state;
        let is_known = |entity_ref: &EntityRef| known.get(entity_ref).is_some_and(|known| known.columns.has(columns));
        let mut missing = refs.filter(|entity_ref| !is_known(entity_ref)).peekable();
        missing.peek()?;
        let is_first = next.is_none();
        let batch = next.get_or_insert_default();
        batch.refs.extend(missing.cloned());
        batch.columns = Some(batch.columns.unwrap_or(Columns::NONE).and(columns));
        let (sender, receiver) = oneshot::channel();
        batch.waiting.push(sender);
        drop(state);
        if is_first {
            let (sources, visibility) = (self.sources.clone(), Arc::clone(&self.visibility));
            self.queue.push(send(sources, visibility, Arc::clone(&self.state)).boxed());
        }
        Some(receiver)
    }
}

/// Sends what was collected.
async fn send(sources: Sources, visibility: Arc<Visibility>, state: Arc<Mutex<State>>) {
    let Some(Batch { refs, columns, waiting }) = lock(&state).next.take() else { return };
    let columns = columns.unwrap_or(Columns::NONE);
    let found = sources.database().entities_by_refs(&visibility, refs.iter().cloned().collect(), columns).await;
    let outcome = found.map(|found| keep(&mut lock(&state), refs, columns, &found));
    for sender in waiting {
        // Who has gone needs no answer.
        let _ = sender.send(outcome.clone());
    }
}

fn keep(state: &mut State, refs: HashSet<EntityRef, RandomState>, columns: Columns, found: &ByRef) {
    state.known.reserve(refs.len());
    for entity_ref in refs {
        let entity = found.get(&entity_ref).map(|found| Arc::clone(&found.0));
        state.known.insert(entity_ref, Known { columns, entity });
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
