//! Deployments as a pure function of project and time: at a steady pace a change goes to staging and, some minutes later, to
//! production; some fail there, some bring an older version back, and some are urgent.

use chrono::{DateTime, TimeDelta, Utc};

use super::Project;
use crate::seed::{between, draw, pick};

/// How many of the latest changes are listed unless the project says otherwise; older ones are as if purged.
pub(super) const KEPT_DEFAULT: usize = 40;

const USERS: [&str; 6] = ["amara", "bjorn", "chen", "dolores", "emeka", "farida"];
const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

/// How often and how far back a project deploys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// From one change to the next, at least two minutes.
    pub every: TimeDelta,
    /// How many of the latest changes are listed, each with a deployment to staging and mostly one to production.
    pub kept: usize,
}

/// One deployment as it stands.
pub(super) struct Deployment {
    /// Unique over all projects.
    pub(super) id: u64,
    pub(super) iid: u64,
    /// A branch or a tag.
    pub(super) git_ref: String,
    pub(super) is_tag: bool,
    pub(super) sha: String,
    pub(super) committed_at: DateTime<Utc>,
    pub(super) environment: &'static str,
    /// GitLab's own word.
    pub(super) status: &'static str,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
    pub(super) user: &'static str,
    /// Made through the API, by no job.
    pub(super) is_of_api: bool,
}

impl Pace {
    /// The pace that the path suggests; every eighth project deploys every few minutes, so that there is something to see.
    pub(super) fn believable(path: &str) -> Self {
        let minutes = match draw(path, "eager") % 8 {
            0 => between(path, "deploy pace", 3, 6),
            _ => between(path, "deploy pace", 120, 4_000),
        };
        Self { every: TimeDelta::minutes(i64::try_from(minutes).unwrap_or(120)), kept: KEPT_DEFAULT }
    }
}

/// All that are listed as they stand at `now`, oldest first.
pub(super) fn deployments(project_id: u64, project: &Project, now: DateTime<Utc>) -> Vec<Deployment> {
    listed(project_id, project, now)
        .flat_map(|change| {
            ENVIRONMENTS.into_iter().enumerate().filter_map(move |(place, name)| change.deployment(place, name, now))
        })
        .collect()
}

/// What is deployed by the changes that are listed, oldest first: what names it, and when its commit was made.
pub(super) fn changes(project: &Project, now: DateTime<Utc>) -> impl Iterator<Item = (String, DateTime<Utc>)> {
    listed(0, project, now).map(|change| {
        let subject = change.subject(change.number);
        let committed_at = change.begun - lead(&subject);
        (subject, committed_at)
    })
}

fn listed(project_id: u64, project: &Project, now: DateTime<Utc>) -> impl Iterator<Item = Change<'_>> {
    let pace = project.deploys.filter(|_| !project.is_empty);
    let every = pace.map_or(TimeDelta::minutes(2), |pace| pace.every.max(TimeDelta::minutes(2))).num_seconds();
    let last = project.quiet_since.map_or(now, |quiet| quiet.min(now));
    let newest = ((last - project.created_at).num_seconds() / every).max(0);
    let kept = pace.map_or(0, |pace| pace.kept);
    let oldest = (newest - i64::try_from(kept).unwrap_or(i64::MAX) + 1).max(1);
    (oldest..=newest).map(move |change| {
        let begun = project.created_at + TimeDelta::seconds(change * every);
        Change { project_id, project, number: change.unsigned_abs(), begun, every }
    })
}

/// From the commit of a change to its first deployment.
fn lead(subject: &str) -> TimeDelta {
    TimeDelta::seconds(i64::try_from(between(subject, "lead", 600, 172_800)).unwrap_or(600))
}

/// A change on its way.
#[derive(Clone, Copy)]
struct Change<'a> {
    project_id: u64,
    project: &'a Project,
    /// Counts within the project, from 1.
    number: u64,
    begun: DateTime<Utc>,
    every: i64,
}

impl Change<'_> {
    fn subject(&self, number: u64) -> String {
        format!("{}@deploy{number}", self.project.full_path)
    }

    /// None before its time, and where the change never comes so far.
    fn deployment(&self, place: usize, environment: &'static str, now: DateTime<Utc>) -> Option<Deployment> {
        let subject = self.subject(self.number);
        let is_production = place == 1;
        if is_production && draw(&subject, "stays").is_multiple_of(10) {
            return None;
        }
        let topic = |topic: &str| format!("{topic} {environment}");
        let seconds = |name: &str, low, high| {
            TimeDelta::seconds(i64::try_from(between(&subject, &topic(name), low, high)).unwrap_or(0))
        };
        // All of it ends before the next change begins.
        let share = self.every.unsigned_abs() / 4;
        let wait = if is_production { share * 2 } else { 0 };
        let created_at = self.begun + TimeDelta::seconds(i64::try_from(wait).unwrap_or(0)) + seconds("created", 0, 9);
        let starts_at = created_at + seconds("starts", 2, 8);
        let ends_at = starts_at + seconds("runs", 5, share.clamp(10, 900) - 4);
        if now < created_at {
            return None;
        }
        let (status, updated_at) = match now {
            now if now >= ends_at => (outcome(&subject, environment), ends_at),
            now if now >= starts_at => ("running", starts_at),
            _ => ("created", created_at),
        };
        // The one before the last comes back: it stood here until the last one replaced it.
        let is_rollback = is_production && self.number > 3 && draw(&subject, "rollback").is_multiple_of(14);
        let is_hotfix = !is_rollback && draw(&subject, "hotfix").is_multiple_of(16);
        let source = if is_rollback { self.number - 2 } else { self.number };
        let of_source = self.subject(source);
        let (git_ref, is_tag) = match draw(&of_source, "ref") % 3 {
            _ if is_hotfix => (format!("hotfix/{}", self.number), false),
            0 => (format!("v1.{source}.0"), true),
            _ => (self.project.default_branch.clone(), false),
        };
        let begun = self.begun - TimeDelta::seconds(self.every * i64::try_from(self.number - source).unwrap_or(0));
        let has_started = now >= starts_at;
        Some(Deployment {
            id: (self.number * 2 + place as u64) * 10_000_000 + self.project_id,
            iid: self.number * 2 + place as u64,
            git_ref,
            is_tag,
            sha: sha(&of_source),
            committed_at: begun - lead(&of_source),
            environment,
            status,
            created_at,
            updated_at,
            started_at: has_started.then_some(starts_at),
            finished_at: (now >= ends_at).then_some(ends_at),
            user: pick(&subject, "user", &USERS).copied().unwrap_or("amara"),
            is_of_api: draw(&subject, "api").is_multiple_of(11),
        })
    }
}

fn outcome(subject: &str, environment: &str) -> &'static str {
    match draw(subject, &format!("outcome {environment}")) % 100 {
        0..=89 => "success",
        90..=97 => "failed",
        _ => "canceled",
    }
}

pub(super) fn sha(subject: &str) -> String {
    format!("{:016x}{:016x}{:08x}", draw(subject, "a"), draw(subject, "b"), draw(subject, "c") >> 32)
}
