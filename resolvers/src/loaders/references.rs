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
    /// How often what was found has been forgotten.
    age: u64,
}

/// What a look-up told of a reference.
struct Known {
    columns: Columns,
    /// None when it is not there or hidden.
    entity: Option<Arc<EntityRecord>>,
}

struct Batch {
    refs: HashSet<EntityRef, RandomState>,
    /// One statement for all: who needs little gets more when somebody does.
    columns: Columns,
    waiting: Vec<oneshot::Sender<Outcome<()>>>,
}

impl Known {
    fn has(&self, columns: Columns) -> bool {
        self.entity.is_none() || self.columns.has(columns)
    }
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
        // Again until nothing lacks: another look-up may have come back last, with other columns of the same entity.
        while let Some(answer) = self.ask(refs.clone(), columns) {
            let gone = |_| SourceError::unavailable(SourceKind::Postgres, "the look-up was given up");
            answer.await.map_err(gone)??;
        }
        let state = lock(&self.state);
        Ok(refs.filter_map(|entity_ref| state.known.get(entity_ref)?.entity.clone()).collect())
    }

    /// Forgets what was found, also what is under way: it may have changed.
    pub fn forget(&self) {
        let mut state = lock(&self.state);
        state.known.clear();
        state.age += 1;
    }

    /// Puts what is not known into the next look-up; none when all is known.
    fn ask<'r>(
        &self,
        refs: impl Iterator<Item = &'r EntityRef>,
        columns: Columns,
    ) -> Option<oneshot::Receiver<Outcome<()>>> {
        let (receiver, is_first) = lock(&self.state).ask(refs, columns)?;
        if is_first {
            let (sources, visibility) = (self.sources.clone(), Arc::clone(&self.visibility));
            self.queue.push(send(sources, visibility, Arc::clone(&self.state)).boxed());
        }
        Some(receiver)
    }
}

impl State {
    /// Puts what is not known into the next batch, and tells whether that is a new one; none when all is known.
    fn ask<'r>(
        &mut self,
        refs: impl Iterator<Item = &'r EntityRef>,
        columns: Columns,
    ) -> Option<(oneshot::Receiver<Outcome<()>>, bool)> {
        let Self { known, next, .. } = self;
        let mut missing =
            refs.filter(|entity_ref| !known.get(entity_ref).is_some_and(|known| known.has(columns))).peekable();
        missing.peek()?;
        let is_first = next.is_none();
        let batch = next.get_or_insert_with(|| Batch { refs: HashSet::default(), columns, waiting: Vec::new() });
        batch.columns = batch.columns.and(columns);
        for entity_ref in missing {
            // What was read of it is read again with it: else one would take the place of the other.
            batch.columns = known.get(entity_ref).map_or(batch.columns, |known| batch.columns.and(known.columns));
            batch.refs.insert(entity_ref.clone());
        }
        let (sender, receiver) = oneshot::channel();
        batch.waiting.push(sender);
        Some((receiver, is_first))
    }

    /// Keeps what a batch found, unless more is known by now or all was forgotten meanwhile.
    fn keep(&mut self, refs: HashSet<EntityRef, RandomState>, columns: Columns, age: u64, found: &ByRef) {
        if age != self.age {
            return;
        }
        self.known.reserve(refs.len());
        for entity_ref in refs {
            if !self.known.get(&entity_ref).is_some_and(|known| known.has(columns)) {
                let entity = found.get(&entity_ref).map(|found| Arc::clone(&found.0));
                self.known.insert(entity_ref, Known { columns, entity });
            }
        }
    }
}

/// Sends what was collected.
async fn send(sources: Sources, visibility: Arc<Visibility>, state: Arc<Mutex<State>>) {
    let (batch, age) = {
        let mut state = lock(&state);
        (state.next.take(), state.age)
    };
    let Some(Batch { refs, columns, waiting }) = batch else { return };
    let found = sources.database().entities_by_refs(&visibility, refs.iter().cloned().collect(), columns).await;
    let outcome = found.map(|found| lock(&state).keep(refs, columns, age, &found));
    for sender in waiting {
        // Who has gone needs no answer.
        let _ = sender.send(outcome.clone());
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use sources::postgres::Found;

    use super::*;

    fn reference(name: &str) -> EntityRef {
        EntityRef::of("group", "default", name)
    }

    /// A batch that was sent: to come back whenever the test likes.
    fn sent(state: &mut State) -> Batch {
        state.next.take().unwrap()
    }

    fn record(entity_ref: EntityRef) -> EntityRecord {
        EntityRecord {
            id: uuid::Uuid::nil(),
            entity_ref,
            kind: String::new(),
            namespace: String::new(),
            name: String::new(),
            title: None,
            description: None,
            entity_type: None,
            lifecycle: None,
            owner_ref: None,
            system_ref: None,
            is_orphan: false,
            created_at: chrono::DateTime::UNIX_EPOCH,
            updated_at: chrono::DateTime::UNIX_EPOCH,
            annotations: None,
            body: None,
        }
    }

    fn comes_back(state: &mut State, batch: Batch) {
        let age = state.age;
        comes_back_at(state, batch, age);
    }

    fn comes_back_at(state: &mut State, batch: Batch, age: u64) {
        let found = batch.refs.iter().map(|entity_ref| Found(Arc::new(record(entity_ref.clone()))));
        state.keep(batch.refs.clone(), batch.columns, age, &found.collect());
    }

    fn asks(state: &mut State, name: &str, columns: Columns) -> bool {
        state.ask(std::iter::once(&reference(name)), columns).is_some()
    }

    #[test]
    fn what_comes_back_last_takes_no_columns_away() {
        for first_is_last in [false, true] {
            let mut state = State::default();
            assert!(asks(&mut state, "x", Columns::TITLE));
            let title = sent(&mut state);
            assert!(asks(&mut state, "x", Columns::NAME), "nothing is known yet");
            let name = sent(&mut state);
            let (one, other) = if first_is_last { (name, title) } else { (title, name) };
            comes_back(&mut state, one);
            comes_back(&mut state, other);
            // One of the two has to ask again, and gets both; then nobody has to.
            let again = [Columns::TITLE, Columns::NAME].map(|columns| asks(&mut state, "x", columns));
            assert_eq!(again.iter().filter(|asked| **asked).count(), 1);
            let batch = sent(&mut state);
            assert!(batch.columns.has(Columns::TITLE.and(Columns::NAME)));
            comes_back(&mut state, batch);
            assert!(!asks(&mut state, "x", Columns::TITLE) && !asks(&mut state, "x", Columns::NAME));
        }
    }

    #[test]
    fn other_columns_of_a_known_entity_are_read_with_those_that_are_known() {
        let mut state = State::default();
        assert!(asks(&mut state, "x", Columns::TITLE));
        let batch = sent(&mut state);
        comes_back(&mut state, batch);
        assert!(asks(&mut state, "y", Columns::TITLE));
        let slow = sent(&mut state);
        assert!(asks(&mut state, "x", Columns::NAME));
        let batch = sent(&mut state);
        comes_back(&mut state, batch);
        comes_back(&mut state, slow);
        for name in ["x", "y"] {
            assert!(!asks(&mut state, name, Columns::TITLE), "the title of {name} is gone");
        }
    }

    #[test]
    fn a_narrow_look_up_does_not_replace_a_wide_one() {
        let mut state = State::default();
        assert!(asks(&mut state, "x", Columns::TITLE));
        let narrow = sent(&mut state);
        assert!(asks(&mut state, "x", Columns::TITLE.and(Columns::NAME)));
        let wide = sent(&mut state);
        comes_back(&mut state, wide);
        comes_back(&mut state, narrow);
        assert!(!asks(&mut state, "x", Columns::NAME), "the name is gone");
    }

    #[test]
    fn what_is_not_there_is_not_asked_for_again_and_what_is_forgotten_is() {
        let mut state = State::default();
        assert!(asks(&mut state, "x", Columns::TITLE));
        let batch = sent(&mut state);
        state.keep(batch.refs, batch.columns, 0, &ByRef::default());
        assert!(!asks(&mut state, "x", Columns::ALL));
        assert!(asks(&mut state, "y", Columns::TITLE));
        let under_way = sent(&mut state);
        state.known.clear();
        state.age += 1;
        comes_back_at(&mut state, under_way, 0);
        assert!(asks(&mut state, "x", Columns::TITLE) && asks(&mut state, "y", Columns::TITLE));
    }
}
