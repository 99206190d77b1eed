//! Pipelines as a pure function of project and time.
//!
//! Nothing is stored and nothing ticks: a project starts one every `pipeline_every`, and the age of each decides its
//! status. All of one's life fits between two starts, so at most the newest one is on the move.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Project;
use crate::seed::{between, draw};

/// How many of the latest pipelines are listed; older ones are as if purged.
const HISTORY_MAX: usize = 200;

const EVERY_MIN: TimeDelta = TimeDelta::minutes(2);

/// GitLab's `PipelineStatusEnum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the words are GitLab's own")]
pub enum Status {
    Created,
    WaitingForResource,
    Preparing,
    WaitingForCallback,
    Pending,
    Running,
    Success,
    Failed,
    Canceling,
    Canceled,
    Skipped,
    Manual,
    Scheduled,
}

pub(super) struct Pipeline {
    /// Unique over all projects.
    pub(super) id: u64,
    /// Counts within the project, from 1.
    pub(super) iid: i64,
    pub(super) status: Status,
    pub(super) branch: String,
    pub(super) sha: String,
    pub(super) source: &'static str,
    pub(super) created_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
}

/// The pipelines of a project as they stand at `now`, newest first, at most 200; each is worked out when asked for.
pub(super) fn pipelines(project_id: u64, project: &Project, now: DateTime<Utc>) -> impl Iterator<Item = Pipeline> {
    runs(project_id, project, now).map(move |run| run.at(now))
}

/// When the project was last pushed to.
pub(super) fn last_activity(project_id: u64, project: &Project, now: DateTime<Utc>) -> DateTime<Utc> {
    let newest = runs(project_id, project, now).next().map_or(project.created_at, |newest| newest.created_at);
    project.pushed_at.map_or(newest, |pushed_at| newest.max(pushed_at))
}

/// The number within the project of the pipeline that was the newest one at `at`; none where there was none.
pub(super) fn number_at(project: &Project, at: DateTime<Utc>) -> Option<u64> {
    project.pipeline_every?;
    let (first_start, seconds) = cadence(project);
    let number = (at - first_start).num_seconds().div_euclid(seconds) + 1;
    u64::try_from(number).ok().filter(|number| *number > 0)
}

/// When the first one starts, and how many seconds lie between two.
fn cadence(project: &Project) -> (DateTime<Utc>, i64) {
    let seconds = project.pipeline_every.unwrap_or(EVERY_MIN).max(EVERY_MIN).num_seconds();
    // Offset by the project, or all of them would start in the same second.
    let offset = i64::try_from(draw(&project.full_path, "offset") % seconds.unsigned_abs()).unwrap_or(0);
    (project.created_at + TimeDelta::seconds(offset), seconds)
}

fn runs(project_id: u64, project: &Project, now: DateTime<Utc>) -> impl Iterator<Item = Run<'_>> {
    let every = project.pipeline_every.filter(|_| !project.is_empty);
    let (first_start, seconds) = cadence(project);
    let last_push = project.quiet_since.map_or(now, |quiet| quiet.min(now));
    let newest = if every.is_none() { 0 } else { (last_push - first_start).num_seconds().div_euclid(seconds) + 1 };
    (1..=newest).rev().take(HISTORY_MAX).map(move |iid| {
        let created_at = first_start + TimeDelta::seconds((iid - 1) * seconds);
        Run { project_id, project, iid, created_at, every: seconds }
    })
}

struct Run<'a> {
    project_id: u64,
    project: &'a Project,
    iid: i64,
    created_at: DateTime<Utc>,
    every: i64,
}

impl Run<'_> {
    fn at(&self, now: DateTime<Utc>) -> Pipeline {
        let subject = format!("{}!{}", self.project.full_path, self.iid);
        let seconds =
            |topic, low, high| TimeDelta::seconds(i64::try_from(between(&subject, topic, low, high)).unwrap_or(0));
        let pending_at = self.created_at + TimeDelta::seconds(2);
        let starts_at = pending_at + seconds("wait", 3, 15);
        let ends_at = starts_at + seconds("run", 30, self.every.unsigned_abs() * 3 / 4 - 15);
        let outcome = outcome(&subject);
        let status = match now {
            _ if outcome == Status::Skipped => Status::Skipped,
            now if now >= ends_at => outcome,
            now if now >= starts_at => Status::Running,
            now if now >= pending_at => Status::Pending,
            _ => Status::Created,
        };
        let has_run = outcome != Status::Skipped;
        let default = &self.project.default_branch;
        let (branch, source) = match draw(&subject, "trigger") % 10 {
            0..=5 => (default.clone(), "push"),
            6 => (default.clone(), "schedule"),
            7 => (default.clone(), "web"),
            8 => (format!("feature-{}", between(&subject, "branch", 100, 999)), "push"),
            _ => (format!("refs/merge-requests/{}/head", between(&subject, "branch", 1, 99)), "merge_request_event"),
        };
        Pipeline {
            id: self.iid.unsigned_abs() * 10_000_000 + self.project_id,
            iid: self.iid,
            status,
            branch,
            sha: sha(&subject),
            source,
            created_at: self.created_at,
            started_at: (has_run && now >= starts_at).then_some(starts_at),
            // GitLab writes it on these three endings only.
            finished_at: matches!(status, Status::Success | Status::Failed | Status::Canceled).then_some(ends_at),
        }
    }
}

impl Pipeline {
    /// Whole seconds from start to end, once it has ended.
    pub(super) fn duration_seconds(&self) -> Option<i64> {
        Some((self.finished_at? - self.started_at?).num_seconds())
    }
}

fn outcome(subject: &str) -> Status {
    match draw(subject, "outcome") % 100 {
        0..=79 => Status::Success,
        80..=92 => Status::Failed,
        93..=95 => Status::Canceled,
        96..=97 => Status::Manual,
        _ => Status::Skipped,
    }
}

fn sha(subject: &str) -> String {
    format!("{:016x}{:016x}{:08x}", draw(subject, "a"), draw(subject, "b"), draw(subject, "c") >> 32)
}
