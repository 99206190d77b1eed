//! Templates, as the list of templates of all kinds has them: each with the fields of its own kind.

use chrono::{DateTime, Utc};
use schema::{AutomationInventory, AutomationTemplateKind, AutomationTemplateRecord, RecentRuns};
use serde::Deserialize;

use super::{Named, lenient_object, moment, name, text};
use crate::awx::links::Links;

/// As many runs as a template names; AWX has the number in its code.
pub(in crate::awx) const RECENT_RUNS: usize = 10;

/// A template.
#[derive(Debug, Deserialize)]
pub(in crate::awx) struct Template {
    id: Option<i32>,
    r#type: Option<String>,
    name: Option<String>,
    description: Option<String>,
    playbook: Option<String>,
    next_job_run: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "lenient_object")]
    summary_fields: Option<SummaryFields>,
}

/// Names of related objects; a key is missing when the relation is null or not visible.
#[derive(Debug, Deserialize)]
struct SummaryFields {
    organization: Option<Named>,
    project: Option<Named>,
    inventory: Option<Inventory>,
    recent_jobs: Option<Vec<RecentJob>>,
}

#[derive(Debug, Deserialize)]
struct RecentJob {
    id: Option<i32>,
}

#[derive(Debug, Deserialize)]
struct Inventory {
    name: Option<String>,
    total_hosts: Option<i32>,
    hosts_with_active_failures: Option<i32>,
}

impl Template {
    /// The record; none when it is no template, which projects and others are that share the list and its ids.
    pub(in crate::awx) fn into_record(self, links: &Links) -> Option<AutomationTemplateRecord> {
        let number = self.id?;
        let word = self.r#type.unwrap_or_default();
        let kind = match word.as_str() {
            "job_template" => AutomationTemplateKind::JobTemplate,
            "workflow_job_template" => AutomationTemplateKind::WorkflowJobTemplate,
            "project" | "inventory_source" | "system_job_template" | "workflow_approval_template" => return None,
            _ => AutomationTemplateKind::Unknown,
        };
        let (organization, project, inventory, recent_jobs) = self
            .summary_fields
            .map(|fields| (fields.organization, fields.project, fields.inventory, fields.recent_jobs))
            .unwrap_or_default();
        Some(AutomationTemplateRecord {
            number,
            name: text(self.name).unwrap_or_else(|| number.to_string()),
            description: text(self.description),
            kind,
            organization: name(organization),
            project: name(project),
            playbook: text(self.playbook),
            inventory: inventory.and_then(Inventory::into_record),
            recent_runs: recent_jobs.and_then(recent_runs),
            next_run_at: moment(self.next_job_run),
            web_url: links.template(&word, number),
        })
    }
}

fn recent_runs(jobs: Vec<RecentJob>) -> Option<RecentRuns> {
    let is_all = jobs.len() < RECENT_RUNS;
    let mut numbers: Vec<i32> = jobs.into_iter().map(|job| job.id).collect::<Option<_>>()?;
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    Some(RecentRuns { numbers, is_all })
}

impl Inventory {
    fn into_record(self) -> Option<AutomationInventory> {
        Some(AutomationInventory {
            name: text(self.name)?,
            host_count: self.total_hosts,
            failed_host_count: self.hosts_with_active_failures,
        })
    }
}
