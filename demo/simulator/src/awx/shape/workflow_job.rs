//! A workflow job: the run of a workflow.

use serde_json::{Value, json};

use super::{
    super::{row::Scope, run::Run},
    below, merged, run, summary,
};

pub(super) fn describe(scope: &Scope<'_>, job: &Run<'_>) -> Value {
    let (entry, url) = (job.entry, scope.url("workflow_jobs", job.id));
    let own = json!({ "workflow_job_template": super::template::url(scope, entry) });
    let lists = ["workflow_nodes", "labels", "activity_stream", "notifications", "cancel", "relaunch"];
    let summaries = json!({ "workflow_job_template": summary::template(entry) });
    let more = json!({
        "url": url,
        "related": merged(merged(run::related(scope, job), own), below(&url, &lists)),
        "summary_fields": merged(run::summaries(scope, job), summaries),
        "workflow_job_template": entry.template.id,
        "extra_vars": "{}",
        "allow_simultaneous": false,
        "job_template": null,
        "is_sliced_job": false,
        "inventory": null,
        "limit": null,
        "scm_branch": null,
        "webhook_service": "",
        "webhook_credential": null,
        "webhook_guid": "",
        "skip_tags": null,
        "job_tags": null,
    });
    merged(run::base(scope, job), more)
}

/// What only the workflow job's own address shows.
pub(super) fn more() -> Value {
    json!({ "job_args": "", "job_cwd": "", "job_env": {}, "result_traceback": "" })
}
