//! Runs, as the list of runs of all kinds has them.

use chrono::{DateTime, Utc};
use schema::{AutomationJobKind, AutomationJobRecord, AutomationJobStatus};
use serde::Deserialize;

use super::{lenient_number, lenient_object, moment, text};
use crate::awx::links::Links;

/// A run.
#[derive(Debug, Deserialize)]
pub(in crate::awx) struct Job {
    id: Option<i32>,
    r#type: Option<String>,
    name: Option<String>,
    unified_job_template: Option<i32>,
    launch_type: Option<String>,
    status: Option<String>,
    created: Option<DateTime<Utc>>,
    started: Option<DateTime<Utc>>,
    finished: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "lenient_number")]
    elapsed: Option<f64>,
    job_explanation: Option<String>,
    job_slice_count: Option<i32>,
    /// Empty when nobody is known to have launched it.
    #[serde(default, deserialize_with = "lenient_object")]
    launched_by: Option<Launcher>,
    #[serde(default, deserialize_with = "lenient_object")]
    summary_fields: Option<SummaryFields>,
}

#[derive(Debug, Deserialize)]
struct Launcher {
    name: Option<String>,
    r#type: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SummaryFields {
    created_by: Option<User>,
}

#[derive(Debug, Deserialize)]
struct User {
    username: Option<String>,
}

impl Job {
    /// Its number, by which runs are ordered.
    pub(in crate::awx) fn number(&self) -> Option<i32> {
        self.id
    }

    /// It is a slice of a run that was cut into several, which has a number of its own.
    pub(in crate::awx) fn is_slice(&self) -> bool {
        self.job_slice_count.is_some_and(|slices| slices > 1)
    }

    /// The record; none without a number, by which it is known everywhere.
    pub(in crate::awx) fn into_record(self, links: &Links) -> Option<AutomationJobRecord> {
        let number = self.id?;
        let word = self.r#type.unwrap_or_default();
        let upstream_status = self.status.unwrap_or_default();
        let launched_by = match self.launched_by {
            // Schedules and webhooks launch too; they are no users.
            Some(Launcher { name, r#type: Some(kind) }) => text(name).filter(|_| kind == "user"),
            _ => self.summary_fields.and_then(|fields| text(fields.created_by?.username)),
        };
        Some(AutomationJobRecord {
            number,
            name: text(self.name).unwrap_or_else(|| number.to_string()),
            kind: kind(&word),
            status: status(&upstream_status),
            upstream_status,
            explanation: text(self.job_explanation),
            template: self.unified_job_template,
            launch_type: text(self.launch_type),
            launched_by,
            created_at: moment(self.created),
            // Before it begins, AWX says that it ran for zero seconds.
            duration_seconds: self.elapsed.filter(|elapsed| *elapsed >= 0.0 && self.started.is_some()),
            started_at: moment(self.started),
            finished_at: moment(self.finished),
            web_url: links.job(&word, number),
        })
    }
}

fn kind(word: &str) -> AutomationJobKind {
    match word {
        "job" => AutomationJobKind::Job,
        "workflow_job" => AutomationJobKind::WorkflowJob,
        "project_update" => AutomationJobKind::ProjectUpdate,
        "inventory_update" => AutomationJobKind::InventoryUpdate,
        "system_job" => AutomationJobKind::SystemJob,
        "ad_hoc_command" => AutomationJobKind::AdHocCommand,
        _ => AutomationJobKind::Unknown,
    }
}

fn status(word: &str) -> AutomationJobStatus {
    match word {
        "new" => AutomationJobStatus::New,
        "pending" => AutomationJobStatus::Pending,
        "waiting" => AutomationJobStatus::Waiting,
        "running" => AutomationJobStatus::Running,
        "successful" => AutomationJobStatus::Successful,
        "failed" => AutomationJobStatus::Failed,
        "error" => AutomationJobStatus::Error,
        "canceled" => AutomationJobStatus::Canceled,
        _ => AutomationJobStatus::Unknown,
    }
}
