//! One workspace: what the caller says about it, or what its name makes believable.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::id;

/// 2024-01-01: seeded workspaces begin within a year after it.
pub(super) const FIRST_CREATED: DateTime<Utc> =
    DateTime::from_timestamp(1_704_067_200, 0).expect("a constant in range");

/// Where runs are executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionMode {
    /// By Terraform Enterprise.
    Remote,
    /// By an agent of the customer's.
    Agent,
    /// On the user's machine: it has states, but no run, no estimate and no assessment.
    Local,
}

impl ExecutionMode {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Remote => "remote",
            Self::Agent => "agent",
            Self::Local => "local",
        }
    }
}

/// Whether health assessments look for drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assessments {
    /// Not enabled: no result.
    Off,
    /// One every [`Workspace::assess_every`].
    On,
    /// Enabled, but none since then: the newest result only grows older.
    PausedSince(DateTime<Utc>),
}

/// An output of the root module.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The name.
    pub name: String,
    /// The value, which no answer but the raw state shows when it is sensitive.
    pub value: Value,
    /// Whether it is sensitive.
    pub is_sensitive: bool,
}

impl Output {
    /// An output anyone may read.
    pub fn new(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { name: name.into(), value: value.into(), is_sensitive: false }
    }

    /// An output whose value stays hidden.
    pub fn sensitive(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { is_sensitive: true, ..Self::new(name, value) }
    }
}

/// A workspace of the fake Terraform Enterprise. Start from [`new`](Self::new) or [`believable`](Self::believable) and
/// set what matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Workspace {
    /// The organization, which exists as soon as a workspace names it.
    pub organization: String,
    /// The name, unique within the organization.
    pub name: String,
    /// The project's name; the project exists as soon as a workspace names it.
    pub project: String,
    /// The description; `None` reads as null.
    pub description: Option<String>,
    /// Where runs are executed.
    pub execution_mode: ExecutionMode,
    /// Whether a plan is applied without confirmation.
    pub auto_apply: bool,
    /// Whether somebody has locked it; a run under way locks it besides.
    pub is_locked: bool,
    /// The version of Terraform.
    pub terraform_version: String,
    /// The directory within the repository; empty: its root.
    pub working_directory: String,
    /// The repository, such as `platform/network`; `None`: configuration is uploaded.
    pub vcs_repo: Option<String>,
    /// Flat tags.
    pub tag_names: Vec<String>,
    /// Tags with a value.
    pub tag_bindings: BTreeMap<String, String>,
    /// When it was created; its first run comes soon after.
    pub created_at: DateTime<Utc>,
    /// From one run to the next, at least five minutes; `None`: it has never run.
    pub run_every: Option<TimeDelta>,
    /// No run since then; `None`: active to this day.
    pub quiet_since: Option<DateTime<Utc>>,
    /// Of a hundred runs, how many fail.
    pub failure_percent: u8,
    /// Of a hundred runs, how many are speculative. They never become the current run.
    pub plan_only_percent: u8,
    /// Whether drift is looked for.
    pub assessments: Assessments,
    /// From one assessment to the next, at least one minute.
    pub assess_every: TimeDelta,
    /// Of a hundred assessments, how many find drift.
    pub drift_percent: u8,
    /// How many checks the configuration has.
    pub checks: u32,
    /// How many resources are managed.
    pub resources: u32,
    /// What the resources cost in a month, about, in thousandths of a dollar; `None`: cost estimation is off.
    pub monthly_cost_milli: Option<u64>,
    /// The outputs, at most 64 of them.
    pub outputs: Vec<Output>,
}

impl Workspace {
    /// A workspace of the default project with a run every two hours, and nothing else to tell.
    pub fn new(organization: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            organization: organization.into(),
            name: name.into(),
            project: "Default Project".to_owned(),
            description: None,
            execution_mode: ExecutionMode::Remote,
            auto_apply: false,
            is_locked: false,
            terraform_version: "1.12.2".to_owned(),
            working_directory: String::new(),
            vcs_repo: None,
            tag_names: Vec::new(),
            tag_bindings: BTreeMap::new(),
            created_at: FIRST_CREATED,
            run_every: Some(TimeDelta::hours(2)),
            quiet_since: None,
            failure_percent: 10,
            plan_only_percent: 20,
            assessments: Assessments::Off,
            assess_every: TimeDelta::hours(24),
            drift_percent: 20,
            checks: 0,
            resources: 10,
            monthly_cost_milli: None,
            outputs: Vec::new(),
        }
    }

    /// The id, such as `ws-6jrRyVDv1J8zQMB5`.
    pub fn id(&self) -> String {
        id::encode("ws", self.key(), 0)
    }

    pub(super) fn key(&self) -> u64 {
        id::key(&[&self.organization, &self.name])
    }

    pub(super) fn project_key(&self) -> u64 {
        project_key(&self.organization, &self.project)
    }

    /// What its draws are about.
    pub(super) fn subject(&self) -> String {
        format!("{}/{}", self.organization, self.name)
    }
}

pub(super) fn project_key(organization: &str, project: &str) -> u64 {
    id::key(&[organization, "project", project])
}
