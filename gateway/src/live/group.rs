//! `Group`: subscribers who ask the same through the same eyes. What changes is executed once for all of them, many changes together so
//! that their loads are, and the bytes are shared.

use std::sync::{Arc, PoisonError, RwLock};

use resolvers::live::{GapReason, Topic};
use sources::postgres::ChangePosition;
use tokio::task::AbortHandle;

use super::{
    deployments, entities,
    index::Key,
    job,
    matching::{Read, Verdict, Viewer, judge},
    members::Members,
    operation::{GroupKey, Operation},
    queue::Queue,
    sent::Sent,
    worker::{Matched, Worker},
};
use crate::{App, auth::Principal};

/// What is executed, for whom.
pub struct Plan {
    /// Who shares it.
    pub key: GroupKey,
    /// What is executed for each event.
    pub operation: Operation,
    /// Through whose eyes.
    pub principal: Arc<Principal>,
    /// Changes of what.
    pub topic: Topic,
    /// The request that began it, for the log.
    pub request_id: String,
}

/// Subscribers that share what is executed.
pub struct Group {
    plan: Arc<Plan>,
    anchors: Option<Vec<Key>>,
    viewer: Arc<RwLock<Viewer>>,
    members: Arc<Members>,
    waiting: Arc<Queue<Matched>>,
    task: AbortHandle,
}

impl Group {
    /// A group without members, which sees what this viewer sees, and what executes for it what comes after `from`.
    pub(super) fn begin(app: &Arc<App>, plan: Arc<Plan>, viewer: &Viewer, from: &ChangePosition) -> Arc<Self> {
        let anchors = match &plan.topic {
            Topic::Entities(filter) => entities::anchors(filter, viewer),
            Topic::Deployments(filter) => deployments::anchors(filter),
            Topic::Costs(_) | Topic::Sources | Topic::Job(_) => None,
        };
        let members = Arc::<Members>::default();
        let waiting = Arc::new(app.live.queue());
        let viewer = Arc::new(RwLock::new(viewer.clone()));
        let task = match &plan.topic {
            Topic::Job(_) => {
                tokio::spawn(Box::pin(job::follow(Arc::clone(app), Arc::clone(&plan), Arc::clone(&members))))
            }
            _ => {
                let worker = Worker {
                    app: Arc::clone(app),
                    plan: Arc::clone(&plan),
                    viewer: Arc::clone(&viewer),
                    members: Arc::clone(&members),
                    waiting: Arc::clone(&waiting),
                    done: from.clone(),
                };
                tokio::spawn(Box::pin(worker.run()))
            }
        };
        let task = task.abort_handle();
        Arc::new(Self { plan, anchors, viewer, members, waiting, task })
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn shared_plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    pub(super) fn tenant(&self) -> &str {
        &self.plan.principal.tenant
    }

    pub(super) fn anchors(&self) -> Option<&[Key]> {
        self.anchors.as_deref()
    }

    /// Somebody gets what comes after `from`.
    pub(super) fn enter(&self, id: u64, from: ChangePosition, queue: Arc<Queue<Arc<Sent>>>) {
        self.members.enter(id, from, queue);
    }

    /// Somebody is gone. True: nobody is left.
    pub(super) fn leave(&self, id: u64) -> bool {
        self.members.leave(id)
    }

    /// A change, to be executed if it is anything to this group.
    pub(super) fn offer(&self, read: &Arc<Read>) {
        let verdict = judge(&self.plan.topic, &self.viewer.read().unwrap_or_else(PoisonError::into_inner), read);
        let position = &read.change.position;
        match verdict {
            Verdict::Nothing => {}
            Verdict::Change(kind) => drop(self.waiting.push(Matched { read: Arc::clone(read), kind }, 0, position)),
            Verdict::Unknown => self.waiting.lose(position, GapReason::Reset),
        }
    }

    /// Everything up to `position` is uncertain.
    pub(super) fn lose(&self, position: &ChangePosition, reason: GapReason) {
        self.waiting.lose(position, reason);
    }

    /// Sees from now on what this viewer sees. True: that is something else.
    pub(super) fn look_again(&self, viewer: &Viewer) -> bool {
        let mut own = self.viewer.write().unwrap_or_else(PoisonError::into_inner);
        let differs = *own != *viewer;
        if differs {
            *own = viewer.clone();
        }
        differs
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.task.abort();
    }
}
