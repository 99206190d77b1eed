//! One template: what the caller says about it, or what its name makes believable.

use chrono::{DateTime, TimeDelta, Utc};

use super::source::EPOCH;
use crate::seed::{between, draw, pick};

const ORGANIZATIONS: [&str; 4] = ["Default", "Infrastructure", "Applications", "Data"];
const PROJECTS: [&str; 8] = [
    "platform-playbooks",
    "linux-baseline",
    "database-operations",
    "network-automation",
    "application-deployments",
    "security-hardening",
    "backup-and-restore",
    "middleware-roles",
];
const PLAYBOOKS: [&str; 8] = [
    "site.yml",
    "deploy.yml",
    "patch.yml",
    "backup.yml",
    "rotate-certificates.yml",
    "playbooks/configure.yml",
    "playbooks/restart.yml",
    "playbooks/verify.yml",
];
const INVENTORIES: [&str; 6] =
    ["production", "staging", "development", "edge sites", "database servers", "shared services"];
const JOB_MINUTES: [i64; 8] = [10, 15, 20, 30, 60, 120, 240, 1440];
const WORKFLOW_MINUTES: [i64; 5] = [30, 60, 120, 240, 1440];

/// What a template starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A playbook against an inventory.
    Job,
    /// One to three of the world's job templates, one after the other; the first that fails ends it.
    Workflow,
}

/// A template of the fake AWX. Start from [`new`](Self::new) or [`believable`](Self::believable) and set what matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Its id, which job templates, workflow job templates and projects draw from one sequence.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The description, empty for none.
    pub description: String,
    /// What it starts.
    pub kind: Kind,
    /// The organization's name. Organizations, projects and inventories exist because a template names them.
    pub organization: String,
    /// The project's name; a workflow has none.
    pub project: String,
    /// The playbook, a path within the project; a workflow has none.
    pub playbook: String,
    /// The inventory's name; a workflow has none.
    pub inventory: String,
    /// From one run to the next, in whole minutes, at least two; `None`: it never runs by itself.
    pub run_every: Option<TimeDelta>,
    /// Whether a schedule starts its runs; else people do.
    pub is_scheduled: bool,
    /// How many of a hundred runs end badly: failed mostly, sometimes error or canceled.
    pub bad_runs_percent: u64,
    /// When it was created; its first run comes soon after. Not before 2024.
    pub created_at: DateTime<Utc>,
    /// No run since then; `None`: active to this day.
    pub quiet_since: Option<DateTime<Utc>>,
    /// Whether the token may not see it: it then reads exactly as one that does not exist.
    pub is_hidden: bool,
}

impl Template {
    /// A job template of the Default organization that runs every ten minutes on a schedule.
    pub fn new(id: u64, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            description: String::new(),
            kind: Kind::Job,
            organization: "Default".to_owned(),
            project: "platform-playbooks".to_owned(),
            playbook: "site.yml".to_owned(),
            inventory: "production".to_owned(),
            run_every: Some(TimeDelta::minutes(10)),
            is_scheduled: true,
            bad_runs_percent: 12,
            created_at: EPOCH,
            quiet_since: None,
            is_hidden: false,
        }
    }

    /// A template as the name suggests it: the same one for the same name, always. One in five is a workflow.
    pub fn believable(id: u64, name: &str) -> Self {
        let is_workflow = draw(name, "kind").is_multiple_of(5);
        let minutes = pick(name, "cadence", if is_workflow { &WORKFLOW_MINUTES } else { &JOB_MINUTES[..] });
        let days = i64::try_from(between(name, "created", 0, 364)).unwrap_or(0);
        let text = |topic, choices: &[&str]| pick(name, topic, choices).map_or_else(String::new, |it| (*it).to_owned());
        Self {
            description: format!("{name}, run by the platform team."),
            kind: if is_workflow { Kind::Workflow } else { Kind::Job },
            organization: text("organization", &ORGANIZATIONS),
            project: text("project", &PROJECTS),
            playbook: text("playbook", &PLAYBOOKS),
            inventory: text("inventory", &INVENTORIES),
            run_every: minutes.map(|minutes| TimeDelta::minutes(*minutes)),
            is_scheduled: !draw(name, "scheduled").is_multiple_of(3),
            bad_runs_percent: between(name, "bad runs", 2, 20),
            created_at: EPOCH + TimeDelta::days(days),
            ..Self::new(id, name)
        }
    }
}
