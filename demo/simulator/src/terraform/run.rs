//! One run as it stands at one instant: what it does, how far it is, what it found.

use chrono::{DateTime, Utc};

use super::{
    Workspace, id,
    timeline::{Ending, Status},
};
use crate::seed::{between, draw, pick};

/// Who starts runs.
pub(super) const USERS: [&str; 6] = ["amber", "boris", "chiara", "dmitri", "elif", "farid"];

/// What a run is meant to do, in the words of `filter[operation]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    PlanAndApply,
    PlanOnly,
    RefreshOnly,
    SavePlan,
}

impl Operation {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::PlanAndApply => "plan_and_apply",
            Self::PlanOnly => "plan_only",
            Self::RefreshOnly => "refresh_only",
            Self::SavePlan => "save_plan",
        }
    }
}

/// A run as it stands at one instant.
pub(super) struct Run<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) number: u32,
    pub(super) subject: String,
    pub(super) operation: Operation,
    pub(super) ending: Ending,
    pub(super) created_at: DateTime<Utc>,
    /// The states reached so far, at least the first.
    pub(super) reached: Vec<(Status, DateTime<Utc>)>,
}

pub(super) fn operation(workspace: &Workspace, subject: &str) -> Operation {
    match draw(subject, "operation") % 100 {
        value if value < u64::from(workspace.plan_only_percent) => Operation::PlanOnly,
        98 => Operation::SavePlan,
        99 => Operation::RefreshOnly,
        _ => Operation::PlanAndApply,
    }
}

pub(super) fn ending(workspace: &Workspace, subject: &str, operation: Operation) -> Ending {
    let fails = draw(subject, "fails") % 100 < u64::from(workspace.failure_percent);
    match (operation, draw(subject, "ending") % 100) {
        (Operation::PlanOnly | Operation::SavePlan, _) if fails => Ending::PlanErrored,
        (Operation::PlanOnly, _) => Ending::PlanOnly,
        (Operation::SavePlan, _) => Ending::Saved,
        (_, value) if fails && value.is_multiple_of(2) => Ending::PlanErrored,
        _ if fails => Ending::ApplyErrored,
        (_, 0..=2) => Ending::Canceled,
        (_, 3..=6) if !workspace.auto_apply => Ending::Discarded,
        (_, 7..=26) => Ending::NoChanges,
        _ => Ending::Applied,
    }
}

impl Run<'_> {
    pub(super) fn id(&self) -> String {
        self.part("run")
    }

    /// The id of the plan, apply, estimate or other single thing of this run.
    pub(super) fn part(&self, prefix: &str) -> String {
        id::encode(prefix, self.workspace.key(), self.number)
    }

    pub(super) fn status(&self) -> Status {
        self.reached.last().map_or(Status::Pending, |(status, _)| *status)
    }

    /// When it reached `status`, if it has.
    pub(super) fn reached(&self, status: Status) -> Option<DateTime<Utc>> {
        self.reached.iter().find(|(reached, _)| *reached == status).map(|(_, at)| *at)
    }

    pub(super) fn changed_at(&self) -> DateTime<Utc> {
        self.reached.last().map_or(self.created_at, |(_, at)| *at)
    }

    /// Whether the plan has finished and found something to do.
    pub(super) fn has_changes(&self) -> bool {
        self.reached(Status::Planned).is_some() && self.ending != Ending::NoChanges
    }

    /// Whether it stands still until somebody decides.
    pub(super) fn needs_confirmation(&self) -> bool {
        let waits_at =
            if self.workspace.monthly_cost_milli.is_some() { Status::CostEstimated } else { Status::Planned };
        let is_decided_by_hand = !self.workspace.auto_apply
            && matches!(self.ending, Ending::Applied | Ending::ApplyErrored | Ending::Discarded);
        is_decided_by_hand && self.status() == waits_at
    }

    /// Additions, changes and destructions of the plan.
    pub(super) fn resource_counts(&self) -> [u64; 3] {
        if self.ending == Ending::NoChanges || self.operation == Operation::RefreshOnly {
            return [0, 0, 0];
        }
        let count = |topic, low, high| between(&self.subject, topic, low, high);
        [count("additions", 0, 4), count("changes", 1, 6), count("destructions", 0, 2)]
    }

    pub(super) fn user(&self) -> &'static str {
        pick(&self.subject, "user", &USERS).copied().unwrap_or("amber")
    }

    /// How it was started.
    pub(super) fn source(&self) -> &'static str {
        match draw(&self.subject, "source") % 10 {
            0..=6 if self.workspace.vcs_repo.is_some() => "tfe-configuration-version",
            7..=8 => "tfe-ui",
            _ => "tfe-api",
        }
    }

    pub(super) fn commit(&self) -> String {
        let part = |topic| draw(&self.subject, topic);
        format!("{:016x}{:016x}{:08x}", part("a"), part("b"), part("c") >> 32)
    }

    pub(super) fn message(&self) -> String {
        if self.source() == "tfe-configuration-version" {
            format!("Change {} of {}", self.number, self.workspace.name)
        } else {
            format!("Triggered by {}", self.user())
        }
    }
}
