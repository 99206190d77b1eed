//! The pods of an app at a moment: facts about each, from which statuses, events and the pods themselves are written.

mod life;
mod restart;

use chrono::{DateTime, Utc};

use super::{
    App, Kind,
    moment::Moment,
    rollout::{Rollout, rollouts, safe},
    slot::{self, Slot},
};

/// The nodes pods run on.
const NODES: [&str; 6] = ["worker-0", "worker-1", "worker-2", "worker-3", "worker-4", "worker-5"];

/// What its only container does.
#[derive(Clone)]
pub(super) enum Container {
    /// Not bound to a node: it has no status at all.
    Absent,
    Waiting {
        reason: &'static str,
        message: Option<String>,
    },
    Running {
        since: DateTime<Utc>,
    },
    Terminated(Ended),
}

/// A container that ended.
#[derive(Clone)]
pub(super) struct Ended {
    pub(super) reason: &'static str,
    pub(super) exit_code: i32,
    pub(super) started_at: DateTime<Utc>,
    pub(super) finished_at: DateTime<Utc>,
}

/// The container at a moment.
pub(super) struct Life {
    pub(super) container: Container,
    pub(super) last: Option<Ended>,
    pub(super) restarts: i64,
    pub(super) is_ready: bool,
    /// When it became ready or ceased to be.
    pub(super) ready_changed_at: DateTime<Utc>,
}

/// One pod at a moment.
pub(super) struct Pod {
    pub(super) name: String,
    pub(super) slot: Slot,
    pub(super) is_scheduled: bool,
    /// Asked to go, and going.
    pub(super) is_terminating: bool,
    pub(super) life: Life,
    pub(super) changed_at: DateTime<Utc>,
}

impl Pod {
    pub(super) fn rollout(&self) -> &Rollout {
        &self.slot.rollout
    }

    /// What draws about it are made from; a StatefulSet's pods share names over time, hence the rollout.
    pub(super) fn subject(&self, app: &App) -> String {
        format!("{}/{}", self.rollout().subject(app), self.name)
    }

    pub(super) fn node(&self) -> &'static str {
        let place = crate::seed::draw(&self.name, "node") + u64::from(self.slot.ordinal);
        NODES
            .iter()
            .cycle()
            .nth(usize::try_from(place % NODES.len() as u64).unwrap_or(0))
            .copied()
            .unwrap_or("worker-0")
    }
}

/// A workload at a moment.
pub(super) struct Workload {
    /// Newest first; see [`rollouts`].
    pub(super) rollouts: Vec<Rollout>,
    pub(super) pods: Vec<Pod>,
}

impl Workload {
    pub(super) fn at(app: &App, moment: &Moment) -> Self {
        let rollouts = rollouts(app, moment);
        let slots = slot::slots(app, &rollouts);
        Self { pods: slots.into_iter().filter_map(|slot| pod(app, slot, moment)).collect(), rollouts }
    }

    /// The pods of one rollout that are not on their way out.
    pub(super) fn of(&self, rollout: &Rollout) -> impl Iterator<Item = &Pod> {
        let cycle = rollout.cycle;
        self.pods.iter().filter(move |pod| pod.rollout().cycle == cycle && !pod.is_terminating)
    }
}

fn pod(app: &App, slot: Slot, moment: &Moment) -> Option<Pod> {
    let own = moment.apart();
    let exists = own.passed(slot.created_at);
    let is_terminating = slot.deleted_at.is_some_and(|at| own.passed(at));
    let is_gone = slot.deleted_at.is_some_and(|at| own.passed(at + slot::gone_after(app)));
    let found = (exists && !is_gone).then(|| {
        let life = life::at(app, &slot, &own);
        let is_scheduled = life::is_scheduled(app, &slot, &own);
        let name = name(app, &slot);
        Pod { name, is_scheduled, is_terminating, life, changed_at: own.changed_at(), slot }
    });
    moment.includes(&own);
    found
}

fn name(app: &App, slot: &Slot) -> String {
    let Slot { rollout, ordinal, .. } = slot;
    let suffix = || safe(&rollout.subject(app), &format!("pod {ordinal}"), 5);
    match app.kind {
        Kind::Deployment => format!("{}-{}-{}", app.name, rollout.template_hash(app), suffix()),
        Kind::StatefulSet => format!("{}-{ordinal}", app.name),
        Kind::DaemonSet => format!("{}-{}", app.name, suffix()),
        Kind::DeploymentConfig => format!("{}-{}-{}", app.name, rollout.revision, suffix()),
    }
}
