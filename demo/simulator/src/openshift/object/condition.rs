//! What the statuses of Deployments and DeploymentConfigs have in common: counts, and the two conditions that tell how a
//! rollout fares.

use chrono::{DateTime, Utc};

use super::super::{
    Ailment, App,
    moment::Moment,
    pod::{Pod, Workload},
    rollout::{self, DEADLINE, Rollout},
    slot,
};

/// How a rollout fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The spec has changed and the controller has not noticed.
    Unnoticed,
    Paused,
    Underway,
    Complete,
    TimedOut,
}

/// A workload's status in numbers and conditions.
#[derive(Clone)]
pub(super) struct Fare {
    pub(super) progress: Progress,
    pub(super) progress_changed_at: DateTime<Utc>,
    pub(super) is_available: bool,
    pub(super) available_changed_at: DateTime<Utc>,
    /// Pods, those on their way out left aside.
    pub(super) replicas: usize,
    pub(super) updated: usize,
    pub(super) ready: usize,
}

impl Fare {
    pub(super) fn of(app: &App, workload: &Workload, newest: &Rollout, moment: &Moment) -> Self {
        let standing: Vec<&Pod> = workload.pods.iter().filter(|pod| !pod.is_terminating).collect();
        let ready = standing.iter().filter(|pod| pod.life.is_ready).count();
        let is_available = ready >= usize::try_from(app.replicas).unwrap_or(0);
        let (progress, progress_changed_at) = progress(app, newest, moment);
        let created_at = app.first_cycle_at();
        let changed = standing.iter().map(|pod| pod.life.ready_changed_at).max().unwrap_or(created_at);
        let available_changed_at = if app.ailment() == Some(Ailment::OutOfMemory) {
            changed
        } else if is_available {
            // A rollout in good order never takes it below what is wanted: it has been so since the very first one.
            rollout::first(app).map_or(created_at, |first| slot::completed_at(app, &first))
        } else {
            standing.iter().map(|pod| pod.slot.created_at).min().unwrap_or(created_at)
        };
        Self {
            progress,
            progress_changed_at,
            is_available,
            available_changed_at,
            replicas: standing.len(),
            updated: workload.of(newest).count(),
            ready,
        }
    }
}

fn progress(app: &App, newest: &Rollout, moment: &Moment) -> (Progress, DateTime<Utc>) {
    let observed_at = newest.observed_at();
    if !moment.passed(observed_at) {
        return (Progress::Unnoticed, newest.started_at);
    }
    if app.ailment() == Some(Ailment::Paused) {
        return (Progress::Paused, observed_at);
    }
    let completed_at = slot::completed_at(app, newest);
    if app.is_blocked() {
        let timed_out_at = observed_at + DEADLINE;
        return if moment.passed(timed_out_at) {
            (Progress::TimedOut, timed_out_at)
        } else {
            (Progress::Underway, observed_at)
        };
    }
    if moment.passed(completed_at) { (Progress::Complete, completed_at) } else { (Progress::Underway, observed_at) }
}
