//! State versions: one for each applied run, or for each push where execution is local.

use chrono::{DateTime, TimeDelta, Utc};

use super::{ExecutionMode, Output, Workspace, id, run::Run, schedule, timeline::Status};

/// Outputs and resources are read out of a new state a little later.
const PROCESSING: TimeDelta = TimeDelta::seconds(5);

/// Low bits of an output's number: which of the outputs of its state version.
const OUTPUT_BITS: u32 = 6;

const OUTPUTS_MAX: usize = 1 << OUTPUT_BITS;

pub(super) struct StateVersion<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) number: u32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) run: Option<Run<'a>>,
    pub(super) is_processed: bool,
}

/// The newest state; `None`: nothing has been applied yet.
pub(super) fn current(workspace: &Workspace, now: DateTime<Utc>) -> Option<StateVersion<'_>> {
    all(workspace, now).next()
}

/// The states of the latest changes, newest first.
pub(super) fn all(workspace: &Workspace, now: DateTime<Utc>) -> impl Iterator<Item = StateVersion<'_>> {
    let numbers = (1..=schedule::changes(workspace, now)).rev().take(schedule::HISTORY_MAX);
    numbers.filter_map(move |number| find(workspace, number, now))
}

/// The state that change `number` left behind, if it has by `now`.
pub(super) fn find(workspace: &Workspace, number: u32, now: DateTime<Utc>) -> Option<StateVersion<'_>> {
    if workspace.execution_mode != ExecutionMode::Local {
        return of_run(schedule::find(workspace, number, now)?, now);
    }
    let is_known = (1..=schedule::changes(workspace, now)).contains(&number);
    let created_at = schedule::created_at(workspace, number);
    let is_processed = now >= created_at + PROCESSING;
    is_known.then_some(StateVersion { workspace, number, created_at, run: None, is_processed })
}

fn of_run(run: Run<'_>, now: DateTime<Utc>) -> Option<StateVersion<'_>> {
    let created_at = run.reached(Status::Applied)?;
    let is_processed = now >= created_at + PROCESSING;
    Some(StateVersion { workspace: run.workspace, number: run.number, created_at, run: Some(run), is_processed })
}

/// The state version and place of an output, from its id.
pub(super) fn output_place(output_id: &str) -> Option<(u64, u32, usize)> {
    let (key, number) = id::decode("wsout", output_id)?;
    let place = usize::try_from(number & ((1 << OUTPUT_BITS) - 1)).ok()?;
    Some((key, number >> OUTPUT_BITS, place))
}

impl StateVersion<'_> {
    pub(super) fn id(&self) -> String {
        id::encode("sv", self.workspace.key(), self.number)
    }

    /// Each output with its id; none until the state is processed.
    pub(super) fn outputs(&self) -> impl Iterator<Item = (String, &Output)> {
        let count = if self.is_processed { OUTPUTS_MAX } else { 0 };
        let key = self.workspace.key();
        let places = 0..(1 << OUTPUT_BITS);
        places
            .zip(self.workspace.outputs.iter().take(count))
            .map(move |(place, output)| (id::encode("wsout", key, (self.number << OUTPUT_BITS) | place), output))
    }
}
