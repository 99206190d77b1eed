//! Runs as a pure function of workspace and time.
//!
//! Nothing is stored and nothing ticks: a workspace starts a run every `run_every`, and its age decides its state
//! (`timeline.rs`).

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ExecutionMode, Workspace,
    run::{Operation, Run, ending, operation},
    timeline::{Course, steps},
};
use crate::seed::draw;

/// How many of the latest runs of a workspace are listed; older ones are found by id alone.
pub(super) const HISTORY_MAX: usize = 200;

const EVERY_MIN: TimeDelta = TimeDelta::minutes(5);

/// When a run started: all that is needed to put runs in order.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) number: u32,
    pub(super) created_at: DateTime<Utc>,
}

/// The runs of a workspace up to `now`, newest first, at most 200.
pub(super) fn starts(workspace: &Workspace, now: DateTime<Utc>) -> impl Iterator<Item = Start<'_>> {
    let newest = if workspace.execution_mode == ExecutionMode::Local { 0 } else { changes(workspace, now) };
    let starts = (1..=newest).rev().take(HISTORY_MAX);
    starts.map(|number| Start { workspace, number, created_at: created_at(workspace, number) })
}

/// The run of this number, if it has started by `now`.
pub(super) fn find(workspace: &Workspace, number: u32, now: DateTime<Utc>) -> Option<Run<'_>> {
    let is_known = workspace.execution_mode != ExecutionMode::Local && (1..=changes(workspace, now)).contains(&number);
    is_known.then(|| Start { workspace, number, created_at: created_at(workspace, number) }.at(now))
}

/// The newest run that counts: neither a speculative one nor a saved plan.
pub(super) fn current(workspace: &Workspace, now: DateTime<Utc>) -> Option<Run<'_>> {
    let counts = |run: &Run<'_>| !matches!(run.operation, Operation::PlanOnly | Operation::SavePlan);
    starts(workspace, now).map(|start| start.at(now)).find(counts)
}

/// How many runs have started by `now`; with local execution, how many states were pushed.
pub(super) fn changes(workspace: &Workspace, now: DateTime<Utc>) -> u32 {
    if workspace.run_every.is_none() {
        return 0;
    }
    let last = workspace.quiet_since.map_or(now, |quiet| quiet.min(now));
    let count = (last - created_at(workspace, 1)).num_seconds().div_euclid(every(workspace)) + 1;
    u32::try_from(count).unwrap_or(0)
}

pub(super) fn created_at(workspace: &Workspace, number: u32) -> DateTime<Utc> {
    let seconds = every(workspace);
    // Offset by the name, or all workspaces would run in the same second.
    let offset = i64::try_from(draw(&workspace.subject(), "offset") % seconds.unsigned_abs()).unwrap_or(0);
    workspace.created_at + TimeDelta::seconds(offset + (i64::from(number) - 1) * seconds)
}

fn every(workspace: &Workspace) -> i64 {
    workspace.run_every.unwrap_or(EVERY_MIN).max(EVERY_MIN).num_seconds()
}

impl<'a> Start<'a> {
    /// Whether the run can come to another state after this moment: its life ends before the next run starts.
    pub(super) fn may_change_after(&self, at: DateTime<Utc>) -> bool {
        self.created_at + TimeDelta::seconds(every(self.workspace)) > at
    }

    pub(super) fn at(self, now: DateTime<Utc>) -> Run<'a> {
        let Self { workspace, number, created_at } = self;
        let subject = format!("{}#{number}", workspace.subject());
        let operation = operation(workspace, &subject);
        let ending = ending(workspace, &subject, operation);
        let course = Course {
            subject: &subject,
            ending,
            is_estimated: workspace.monthly_cost_milli.is_some(),
            auto_apply: workspace.auto_apply,
            every: every(workspace).unsigned_abs(),
        };
        let mut reached = steps(&course, created_at);
        reached.retain(|(_, at)| *at <= now);
        Run { workspace, number, operation, ending, created_at, reached, subject }
    }
}
