//! What becomes of a run: decided by names alone, seen as far as the clock has come.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    source::{self, Source},
    world::Parts,
};
use crate::seed::{between, draw};

/// AWX's status of a job, as far as jobs here come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Waiting,
    Running,
    Successful,
    /// The playbook failed.
    Failed,
    /// It could not be run.
    Error,
    Canceled,
}

impl Status {
    /// As the API writes it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Successful => "successful",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Canceled => "canceled",
        }
    }

    /// What AWX's `failed` says: a cancellation counts.
    pub(super) fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Error | Self::Canceled)
    }
}

/// The whole course of one run.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) waits: DateTime<Utc>,
    pub(super) starts: DateTime<Utc>,
    pub(super) ends: DateTime<Utc>,
    /// When the last events of it have been written; summaries of hosts may come this late.
    pub(super) processed: DateTime<Utc>,
    pub(super) outcome: Status,
}

impl Plan {
    pub(super) fn status(&self, now: DateTime<Utc>) -> Status {
        match now {
            now if now >= self.ends => self.outcome,
            now if now >= self.starts => Status::Running,
            now if now >= self.waits => Status::Waiting,
            _ => Status::Pending,
        }
    }
}

/// The name under which everything about one run is drawn.
pub(super) fn subject(world: &Parts, source: &Source, start: i64) -> String {
    let name = world.entries.get(&source.origin).map_or("", |entry| entry.template.name.as_str());
    format!("{name}@{}/{:?}", start - source.lead, source.node)
}

/// The course of the run that the source at `place` creates at `start`.
pub(super) fn plan(world: &Parts, place: usize, start: i64) -> Option<Plan> {
    let source = world.sources.get(place)?;
    let origin = world.entries.get(&source.origin)?;
    let (_, created) = source::number(&world.sources, place, start);
    let subject = subject(world, source, start);
    let millis = |topic, low: i64, high: i64| {
        let drawn = between(&subject, topic, low.unsigned_abs(), high.max(low).unsigned_abs());
        TimeDelta::milliseconds(i64::try_from(drawn).unwrap_or(0))
    };
    let waits = created + millis("pending", 1_500, 3_500);
    let starts = waits + millis("waiting", 1_000, 3_000);
    let late = millis("events", 500, 4_500);
    if source.node.is_none() && !origin.nodes.is_empty() {
        // A workflow never waits for a place to run: it starts its nodes and follows them.
        let (outcome, end) = follow(world, &origin.nodes, start)?;
        let ends = end + millis("end", 300, 1_500);
        return Some(Plan { waits: starts, starts, ends, processed: ends + late, outcome });
    }
    let outcome = outcome(&subject, world.entries.get(&source.template)?.template.bad_runs_percent);
    let run = millis("run", 8_000, source.busy * 1_000 - 10_000);
    let ran = match outcome {
        Status::Error => run / 8,
        Status::Canceled => run / 2,
        _ => run,
    };
    let ends = starts + ran;
    Some(Plan { waits, starts, ends, processed: ends + late, outcome })
}

/// Whether the run exists: a node after a failed one is never started.
pub(super) fn is_started(world: &Parts, source: &Source, start: i64) -> bool {
    let Some(node) = source.node else { return true };
    let before = world.entries.get(&source.origin).and_then(|workflow| workflow.nodes.get(..node)).unwrap_or_default();
    before.iter().all(|place| node_plan(world, *place, start - source.lead).is_none_or(|plan| !plan.outcome.is_bad()))
}

/// The course of one node in the run that its workflow created at `start`.
pub(super) fn node_plan(world: &Parts, place: usize, start: i64) -> Option<Plan> {
    plan(world, place, start + world.sources.get(place)?.lead)
}

fn follow(world: &Parts, nodes: &[usize], start: i64) -> Option<(Status, DateTime<Utc>)> {
    let mut end = None;
    for place in nodes {
        let node = node_plan(world, *place, start)?;
        end = Some(node.ends);
        if node.outcome.is_bad() {
            return Some((Status::Failed, node.ends));
        }
    }
    Some((Status::Successful, end?))
}

fn outcome(subject: &str, bad_percent: u64) -> Status {
    if draw(subject, "outcome") % 100 >= bad_percent {
        return Status::Successful;
    }
    match draw(subject, "bad") % 10 {
        0..=6 => Status::Failed,
        7..=8 => Status::Error,
        _ => Status::Canceled,
    }
}
