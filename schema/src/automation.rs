//! Records of AWX: templates, their runs and the hosts these ran on, as read live.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::{DateTime, WebUrl};

/// A job template or workflow job template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AutomationTemplateRecord {
    /// Its id in AWX.
    pub number: i32,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it is.
    pub kind: AutomationTemplateKind,
    /// The name of its organization, which decides who may read it; none when AWX does not say.
    pub organization: Option<String>,
    /// The project that holds its playbook.
    pub project: Option<String>,
    /// The playbook; none for workflows.
    pub playbook: Option<String>,
    /// The hosts it runs on; none when they are asked for at launch.
    pub inventory: Option<AutomationInventory>,
    /// Numbers of its newest runs; none when AWX does not say.
    pub recent_runs: Option<RecentRuns>,
    /// When a schedule starts it next.
    pub next_run_at: Option<DateTime>,
    /// Its page in AWX.
    pub web_url: Option<WebUrl>,
}

/// The newest runs of a template, as the template itself names them: without the slices of sliced runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentRuns {
    /// Their numbers, the newest first.
    pub numbers: Vec<i32>,
    /// These are all it has.
    pub is_all: bool,
}

/// Kinds of template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum AutomationTemplateKind {
    /// A job template.
    JobTemplate,
    /// A workflow job template.
    WorkflowJobTemplate,
    /// A kind that Weft does not know.
    Unknown,
}

/// Hosts that automation runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct AutomationInventory {
    /// Its name.
    pub name: String,
    /// Hosts in it.
    pub host_count: Option<i32>,
    /// Hosts whose newest job failed.
    pub failed_host_count: Option<i32>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AutomationJobRecord {
    /// Its number in AWX, unique among runs of all kinds; newer runs have higher ones.
    pub number: i32,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AutomationJobKind,
    /// How it stands.
    pub status: AutomationJobStatus,
    /// The same in the upstream's own word.
    pub upstream_status: String,
    /// Why it failed, as AWX explains it.
    pub explanation: Option<String>,
    /// The id of its template; none when it has none or the template is gone.
    pub template: Option<i32>,
    /// What launched it, such as `manual`, `scheduled`, `workflow` or `webhook`.
    pub launch_type: Option<String>,
    /// User name of whoever launched it, in AWX.
    pub launched_by: Option<String>,
    /// When it was created.
    pub created_at: Option<DateTime>,
    /// When it began to run.
    pub started_at: Option<DateTime>,
    /// When it ended.
    pub finished_at: Option<DateTime>,
    /// How long it ran, or had run when it was read; none before it began.
    pub duration_seconds: Option<f64>,
    /// Its page in AWX.
    pub web_url: Option<WebUrl>,
}

/// Kinds of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum AutomationJobKind {
    /// A playbook run.
    Job,
    /// A run of a workflow.
    WorkflowJob,
    /// An update of a project from source control.
    ProjectUpdate,
    /// An update of an inventory from its source.
    InventoryUpdate,
    /// A maintenance job of AWX.
    SystemJob,
    /// A single command.
    AdHocCommand,
    /// A kind that Weft does not know.
    Unknown,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum AutomationJobStatus {
    /// Created.
    New,
    /// Waits for another job or for capacity.
    Pending,
    /// Has a place to run and starts.
    Waiting,
    /// Runs.
    Running,
    /// Succeeded.
    Successful,
    /// The playbook failed.
    Failed,
    /// It could not run.
    Error,
    /// Was canceled.
    Canceled,
    /// A state that Weft does not know.
    Unknown,
}

impl AutomationJobStatus {
    /// It has ended, for good.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Successful | Self::Failed | Self::Error | Self::Canceled)
    }

    /// It has not begun to run.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::New | Self::Pending | Self::Waiting)
    }
}

/// Hosts of a run by result. A host can count more than once: changed and ok, for example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct AutomationHostSummary {
    /// With a task that succeeded.
    pub ok: i32,
    /// With a task that changed something.
    pub changed: i32,
    /// With a task that failed.
    pub failed: i32,
    /// That could not be reached.
    pub unreachable: i32,
    /// With a task that was left out.
    pub skipped: i32,
    /// Names of failed and unreachable hosts; at most 20.
    pub failed_names: Vec<String>,
}
