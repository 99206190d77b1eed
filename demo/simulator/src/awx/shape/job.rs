//! A job: the run of a playbook.

use serde_json::{Value, json};

use super::{
    super::{host, life::Status, row::Scope, run::Run},
    below, merged, project, run, summary,
};
use crate::seed::between;

pub(super) fn describe(scope: &Scope<'_>, job: &Run<'_>) -> Value {
    let (entry, url) = (job.entry, scope.url("jobs", job.id));
    let has_node = job.status() != Status::Pending;
    let template = super::template::url(scope, entry);
    let own = json!({
        "job_template": template,
        "project": entry.project.map(|id| scope.url("projects", id)),
        "inventory": entry.inventory.map(|id| scope.url("inventories", id)),
    });
    let lists = [
        "labels",
        "credentials",
        "stdout",
        "job_events",
        "job_host_summaries",
        "activity_stream",
        "notifications",
        "create_schedule",
        "cancel",
        "relaunch",
    ];
    let summaries = json!({
        "job_template": summary::template(entry),
        "project": summary::project(scope, entry.project),
        "inventory": summary::inventory(scope, entry.inventory),
        "credentials": [{ "id": 1, "name": "Machine", "description": "", "kind": "ssh", "cloud": false }],
    });
    let more = json!({
        "url": url,
        "related": merged(merged(run::related(scope, job), own), below(&url, &lists)),
        "summary_fields": merged(run::summaries(scope, job), summaries),
        "execution_environment": null,
        "execution_node": if job.started().is_some() { node(job) } else { String::new() },
        "controller_node": if has_node { "awx-task-1" } else { "" },
        "job_type": "run",
        "inventory": entry.inventory,
        "project": entry.project,
        "playbook": entry.template.playbook,
        "scm_branch": "",
        "forks": 0,
        "limit": "",
        "verbosity": 0,
        "extra_vars": "{}",
        "job_tags": "",
        "force_handlers": false,
        "skip_tags": "",
        "start_at_task": "",
        "timeout": 0,
        "use_fact_cache": false,
        "organization": entry.organization,
        "job_template": entry.template.id,
        "passwords_needed_to_start": [],
        "allow_simultaneous": false,
        "artifacts": {},
        "scm_revision": if has_node { project::revision(&entry.template.project) } else { String::new() },
        "instance_group": null,
        "diff_mode": false,
        "job_slice_number": 0,
        "job_slice_count": 1,
        "webhook_service": "",
        "webhook_credential": null,
        "webhook_guid": "",
    });
    merged(run::base(scope, job), more)
}

/// What only the job's own address shows.
pub(super) fn more(scope: &Scope<'_>, job: &Run<'_>) -> Value {
    let is_processed = job.plan().is_some_and(|plan| plan.processed <= scope.now);
    let summaries = host::summaries(job);
    // One count per host, under the worst that befell it; known once the last event is in.
    let count = |name: &str| {
        let worst = |summary: &&host::Summary<'_>| match summary {
            it if it.dark > 0 => "dark",
            it if it.failures > 0 => "failures",
            it if it.changed > 0 => "changed",
            _ => "ok",
        };
        summaries.iter().filter(|summary| worst(summary) == name).count()
    };
    let counts: serde_json::Map<_, _> = ["ok", "changed", "failures", "dark"]
        .iter()
        .map(|name| ((*name).to_owned(), json!(count(name))))
        .filter(|(_, count)| *count != json!(0))
        .collect();
    let tasks = if summaries.is_empty() { 0 } else { between(&job.subject(), "tasks", 4, 60) };
    json!({
        "job_args": if job.started().is_some() {
            json!(["ansible-playbook", "-u", "root", "-i", "/runner/inventory", "-e", "@/runner/env/extravars", job.entry.template.playbook])
                .to_string()
        } else {
            String::new()
        },
        "job_cwd": if job.started().is_some() { "/runner/project" } else { "" },
        "job_env": {},
        "result_traceback": "",
        "event_processing_finished": is_processed,
        "host_status_counts": is_processed.then_some(counts),
        "playbook_counts": { "play_count": u64::from(tasks > 0), "task_count": tasks },
        "custom_virtualenv": null,
    })
}

fn node(job: &Run<'_>) -> String {
    format!("awx-execution-{}", between(&job.subject(), "node", 1, 4))
}
