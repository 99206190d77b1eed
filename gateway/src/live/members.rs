//! `Members`: who is in a group, and gets what it executed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use resolvers::live::GapReason;
use sources::postgres::ChangePosition;

use super::{execution::Executed, queue::Queue, sent::Sent};

/// Who is in a group.
#[derive(Default)]
pub(super) struct Members {
    entered: Mutex<HashMap<u64, Entered>>,
    /// What whoever comes gets first: how a job stands, and whether it has ended.
    first: Mutex<Option<(Arc<Sent>, bool)>>,
}

struct Entered {
    /// What stands up to here was seen before.
    from: ChangePosition,
    queue: Arc<Queue<Arc<Sent>>>,
}

impl Members {
    /// Somebody gets what comes after `from`.
    pub(super) fn enter(&self, id: u64, from: ChangePosition, queue: Arc<Queue<Arc<Sent>>>) {
        let mut entered = self.lock();
        if let Some((sent, is_final)) = &*self.first.lock().unwrap_or_else(PoisonError::into_inner) {
            queue.replace(Arc::clone(sent), sent.payload.len());
            if *is_final {
                queue.end();
            }
        }
        entered.insert(id, Entered { from, queue });
    }

    /// Somebody is gone. True: nobody is left.
    pub(super) fn leave(&self, id: u64) -> bool {
        let mut entered = self.lock();
        entered.remove(&id);
        entered.is_empty()
    }

    /// How a job stands from now on, for those who are there and those who come.
    pub(super) fn tell(&self, sent: &Arc<Sent>, is_final: bool) {
        let entered = self.lock();
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(sent), is_final));
        for member in entered.values() {
            member.queue.replace(Arc::clone(sent), sent.payload.len());
            if is_final {
                member.queue.end();
            }
        }
    }

    /// Gives everybody what was executed.
    pub(super) fn give(&self, executed: &[Executed]) {
        let entered = self.lock();
        for executed in executed {
            match executed {
                Executed::Sent(sent) => {
                    for member in entered.values().filter(|member| !member.from.has(sent.position.row())) {
                        member.queue.push(Arc::clone(sent), sent.payload.len(), &sent.position);
                    }
                }
                Executed::Late(position) => each_loses(&entered, position, GapReason::Reset),
            }
        }
        metrics::counter!("weft_live_deliveries_total").increment(executed.len() as u64 * entered.len() as u64);
    }

    /// Everything up to `to` is lost for everybody who has not seen it.
    pub(super) fn lose(&self, to: &ChangePosition, reason: GapReason) {
        each_loses(&self.lock(), to, reason);
    }

    /// Whether more than half of somebody's room is taken.
    pub(super) fn are_crowded(&self) -> bool {
        self.lock().values().any(|member| member.queue.is_crowded())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Entered>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn each_loses(entered: &HashMap<u64, Entered>, to: &ChangePosition, reason: GapReason) {
    for member in entered.values().filter(|member| !member.from.holds(to)) {
        member.queue.lose(to, reason);
    }
}
