//! Health assessments: one at each `assess_every`, each with a finding drawn from its number.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Assessments, ExecutionMode, Workspace, id, schedule};
use crate::seed::{between, draw};

const EVERY_MIN: TimeDelta = TimeDelta::minutes(1);

pub(super) struct Assessment<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) number: u32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) has_succeeded: bool,
    pub(super) resources_drifted: u64,
    pub(super) checks: Checks,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Checks {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) errored: u64,
}

/// The newest result; `None`: assessments are off, or the first is still to come.
pub(super) fn current(workspace: &Workspace, now: DateTime<Utc>) -> Option<Assessment<'_>> {
    find(workspace, newest(workspace, now), now)
}

/// The result of this number, if it has come by `now`.
pub(super) fn find(workspace: &Workspace, number: u32, now: DateTime<Utc>) -> Option<Assessment<'_>> {
    if !(1..=newest(workspace, now)).contains(&number) {
        return None;
    }
    let subject = format!("{}~{number}", workspace.subject());
    let has_succeeded = !draw(&subject, "succeeds").is_multiple_of(25);
    let drifts = has_succeeded && draw(&subject, "drifts") % 100 < u64::from(workspace.drift_percent);
    let resources = u64::from(workspace.resources);
    Some(Assessment {
        workspace,
        number,
        created_at: created_at(workspace, number),
        has_succeeded,
        resources_drifted: if drifts { between(&subject, "drifted", 1, 3).min(resources.max(1)) } else { 0 },
        checks: if has_succeeded { checks(workspace, &subject) } else { Checks::default() },
    })
}

impl Assessment<'_> {
    pub(super) fn id(&self) -> String {
        id::encode("asmtres", self.workspace.key(), self.number)
    }
}

fn newest(workspace: &Workspace, now: DateTime<Utc>) -> u32 {
    let last = match workspace.assessments {
        Assessments::Off => return 0,
        Assessments::On => now,
        Assessments::PausedSince(since) => since.min(now),
    };
    // There is nothing to compare with before the first run, and nobody to compare where execution is local.
    if workspace.run_every.is_none() || workspace.execution_mode == ExecutionMode::Local {
        return 0;
    }
    let count = (last - created_at(workspace, 1)).num_seconds().div_euclid(every(workspace).num_seconds()) + 1;
    u32::try_from(count).unwrap_or(0)
}

fn created_at(workspace: &Workspace, number: u32) -> DateTime<Utc> {
    let every = every(workspace);
    let offset = draw(&workspace.subject(), "assessment offset") % every.num_seconds().unsigned_abs();
    let seconds = i64::try_from(offset).unwrap_or(0) + (i64::from(number) - 1) * every.num_seconds();
    schedule::created_at(workspace, 1) + TimeDelta::seconds(seconds)
}

fn every(workspace: &Workspace) -> TimeDelta {
    workspace.assess_every.max(EVERY_MIN)
}

fn checks(workspace: &Workspace, subject: &str) -> Checks {
    let all = u64::from(workspace.checks);
    let failed = if draw(subject, "checks fail").is_multiple_of(8) { all.min(1) } else { 0 };
    let errored = if draw(subject, "checks err").is_multiple_of(20) { (all - failed).min(1) } else { 0 };
    Checks { passed: all - failed - errored, failed, errored }
}
