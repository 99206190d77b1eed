//! `RefBatches`: look-ups by reference of different requests, sent together.
//!
//! While a statement for a caller is under way, what other requests of the same caller look up waits, and goes as one statement
//! when it is back: under load ten look-ups cost little more than one, and an idle gateway waits for nothing. No look-up is
//! answered by a statement that was sent before it came, so nothing is older than it would be alone. Callers who see different
//! things never share a statement.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use metrics::Histogram;
use schema::{EntityRef, SourceKind, Visibility};
use tokio::sync::oneshot;
use tracing::Instrument;

use super::{Database, columns::Columns, entity::ByRef};
use crate::SourceError;

/// Most references of one shared statement; a look-up of more goes alone, and delays nobody.
const REFS_MAX: usize = 500;

static LOOKUPS: LazyLock<Histogram> = LazyLock::new(|| metrics::histogram!("weft_ref_batch_lookups"));

type Answer = Result<Arc<ByRef>, SourceError>;

/// Who looks, and at what of an entity.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    visibility: Arc<Visibility>,
    columns: Columns,
}

/// Look-ups that wait for a statement. There are no more than requests in progress.
#[derive(Default)]
struct Queue {
    lookups: VecDeque<(Vec<EntityRef>, oneshot::Sender<Answer>)>,
    running: usize,
}

/// What waits, by caller. A caller of whom nothing runs has no entry.
#[derive(Clone)]
pub(super) struct RefBatches {
    queues: Arc<Mutex<HashMap<Key, Queue>>>,
    running_max: usize,
}

impl RefBatches {
    /// At most `running_max` statements of one caller at once.
    pub(super) fn new(running_max: usize) -> Self {
        Self { queues: Arc::default(), running_max }
    }

    /// Looks up, together with whoever else is about to.
    pub(super) async fn load(
        &self,
        database: &Database,
        visibility: &Arc<Visibility>,
        refs: Vec<EntityRef>,
        columns: Columns,
    ) -> Answer {
        if refs.len() > REFS_MAX {
            return database.entities_by_refs_alone(visibility, refs.into_iter(), columns).await.map(Arc::new);
        }
        let key = Key { visibility: Arc::clone(visibility), columns };
        let (sender, receiver) = oneshot::channel();
        let must_run = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = queues.entry(key.clone()).or_default();
            queue.lookups.push_back((refs, sender));
            let must_run = queue.running < self.running_max;
            queue.running += usize::from(must_run);
            must_run
        };
        if must_run {
            // In a task of its own: who asked first may go away, and others wait for the same statement. Lines that are no objects tell
            // who that was.
            let runner = Runner { batches: self.clone(), key, is_done: false };
            tokio::spawn(runner.run(database.clone()).in_current_span());
        }
        let gone = |_| SourceError::unavailable(SourceKind::Postgres, "the look-up was given up");
        receiver.await.map_err(gone)?
    }
}

/// Sends statements for one caller until nothing waits. After a panic the next look-up starts another.
struct Runner {
    batches: RefBatches,
    key: Key,
    is_done: bool,
}

impl Runner {
    async fn run(mut self, database: Database) {
        while let Some((refs, senders)) = self.next() {
            LOOKUPS.record(u32::try_from(senders.len()).unwrap_or(u32::MAX));
            let Key { visibility, columns } = &self.key;
            let answer = database.entities_by_refs_alone(visibility, refs.into_iter(), *columns).await.map(Arc::new);
            for sender in senders {
                // Who has gone needs no answer.
                let _ = sender.send(answer.clone());
            }
        }
    }

    /// The next statement: as many look-ups as fit. When nothing waits, the runner has ended before anybody can queue again.
    fn next(&mut self) -> Option<(HashSet<EntityRef>, Vec<oneshot::Sender<Answer>>)> {
        let mut queues = self.batches.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.get_mut(&self.key)?;
        let (mut refs, mut senders) = (HashSet::new(), Vec::new());
        while let Some((wanted, _)) = queue.lookups.front()
            && (refs.is_empty() || refs.len() + wanted.len() <= REFS_MAX)
        {
            let Some((wanted, sender)) = queue.lookups.pop_front() else { break };
            if !sender.is_closed() {
                refs.extend(wanted);
                senders.push(sender);
            }
        }
        if senders.is_empty() {
            self.is_done = true;
            leave(&mut queues, &self.key);
            return None;
        }
        Some((refs, senders))
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if !self.is_done {
            leave(&mut self.batches.queues.lock().unwrap_or_else(PoisonError::into_inner), &self.key);
        }
    }
}

fn leave(queues: &mut HashMap<Key, Queue>, key: &Key) {
    let Some(queue) = queues.get_mut(key) else { return };
    queue.running -= 1;
    if queue.running == 0 {
        // After a panic some may wait still; without the entry they learn that nobody answers.
        queues.remove(key);
    }
}
