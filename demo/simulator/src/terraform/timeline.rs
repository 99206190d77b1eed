//! The states a run goes through and when: all of its life, known from the start.

use chrono::{DateTime, TimeDelta, Utc};

use crate::seed::between;

/// Terraform Enterprise's run states, those of them that occur here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    PlanQueued,
    Planning,
    Planned,
    CostEstimating,
    CostEstimated,
    Confirmed,
    ApplyQueued,
    Applying,
    Applied,
    PlannedAndFinished,
    PlannedAndSaved,
    Discarded,
    Errored,
    Canceled,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::PlanQueued => "plan_queued",
            Self::Planning => "planning",
            Self::Planned => "planned",
            Self::CostEstimating => "cost_estimating",
            Self::CostEstimated => "cost_estimated",
            Self::Confirmed => "confirmed",
            Self::ApplyQueued => "apply_queued",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::PlannedAndFinished => "planned_and_finished",
            Self::PlannedAndSaved => "planned_and_saved",
            Self::Discarded => "discarded",
            Self::Errored => "errored",
            Self::Canceled => "canceled",
        }
    }

    pub(super) fn is_final(self) -> bool {
        use Status::*;
        matches!(self, Applied | PlannedAndFinished | PlannedAndSaved | Discarded | Errored | Canceled)
    }
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Applied,
    NoChanges,
    PlanOnly,
    Saved,
    Discarded,
    Canceled,
    PlanErrored,
    ApplyErrored,
}

pub(super) struct Course<'a> {
    pub(super) subject: &'a str,
    pub(super) ending: Ending,
    pub(super) is_estimated: bool,
    pub(super) auto_apply: bool,
    /// Seconds to the next run. All of a life fits between two starts, so at most the newest run is on the move.
    pub(super) every: u64,
}

/// The states in order, each with the instant it begins.
pub(super) fn steps(course: &Course<'_>, created_at: DateTime<Utc>) -> Vec<(Status, DateTime<Utc>)> {
    let mut steps = vec![(Status::Pending, created_at)];
    let mut at = created_at;
    let mut then = |status: Status, low: u64, high: u64| {
        let seconds = between(course.subject, status.word(), low, high.max(low));
        at += TimeDelta::seconds(i64::try_from(seconds).unwrap_or(1));
        steps.push((status, at));
    };
    let plan_max = (course.every / 6).min(600);
    then(Status::PlanQueued, 2, 6);
    then(Status::Planning, 1, 4);
    match course.ending {
        Ending::Canceled => then(Status::Canceled, 8, plan_max),
        Ending::PlanErrored => then(Status::Errored, 8, plan_max),
        _ => then(Status::Planned, 15, plan_max),
    }
    if matches!(course.ending, Ending::Canceled | Ending::PlanErrored) {
        return steps;
    }
    if course.ending == Ending::NoChanges {
        then(Status::PlannedAndFinished, 1, 1);
        return steps;
    }
    if course.is_estimated {
        then(Status::CostEstimating, 1, 2);
        then(Status::CostEstimated, 2, 8);
    }
    let (wait_min, wait_max) = if course.auto_apply { (1, 2) } else { (20, (course.every / 3).min(14_400)) };
    match course.ending {
        Ending::PlanOnly => then(Status::PlannedAndFinished, 1, 1),
        Ending::Saved => then(Status::PlannedAndSaved, 1, 1),
        Ending::Discarded => then(Status::Discarded, 20, wait_max),
        ending => {
            then(Status::Confirmed, wait_min, wait_max);
            then(Status::ApplyQueued, 1, 2);
            then(Status::Applying, 1, 4);
            let last = if ending == Ending::ApplyErrored { Status::Errored } else { Status::Applied };
            then(last, 15, (course.every / 6).min(1_200));
        }
    }
    steps
}
