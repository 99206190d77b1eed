//! A job template.

use serde_json::{Value, json};

use super::{
    super::{row::Scope, world::Entry},
    below, merged, summary,
    template::{self, Standing},
};

pub(super) fn describe(scope: &Scope<'_>, entry: &Entry, standing: &Standing<'_>) -> Value {
    let url = template::url(scope, entry);
    let own = json!({
        "project": entry.project.map(|id| scope.url("projects", id)),
        "inventory": entry.inventory.map(|id| scope.url("inventories", id)),
    });
    let lists = [
        "labels",
        "credentials",
        "jobs",
        "schedules",
        "activity_stream",
        "launch",
        "webhook_key",
        "notification_templates_started",
        "notification_templates_success",
        "notification_templates_error",
        "access_list",
        "survey_spec",
        "object_roles",
        "instance_groups",
        "slice_workflow_jobs",
        "copy",
    ];
    let summaries = json!({
        "project": summary::project(scope, entry.project),
        "inventory": summary::inventory(scope, entry.inventory),
        "credentials": [{ "id": 1, "name": "Machine", "description": "", "kind": "ssh", "cloud": false }],
    });
    let related = merged(merged(template::related(scope, entry, standing), own), below(&url, &lists));
    let more = json!({
        "related": related,
        "summary_fields": merged(template::summaries(scope, entry, standing), summaries),
        "job_type": "run",
        "inventory": entry.inventory,
        "project": entry.project,
        "playbook": entry.template.playbook,
        "scm_branch": "",
        "forks": 0,
        "limit": "",
        "verbosity": 0,
        "extra_vars": "---",
        "job_tags": "",
        "force_handlers": false,
        "skip_tags": "",
        "start_at_task": "",
        "timeout": 0,
        "use_fact_cache": false,
        "execution_environment": null,
        "host_config_key": "",
        "survey_enabled": false,
        "become_enabled": false,
        "diff_mode": false,
        "allow_simultaneous": false,
        "custom_virtualenv": null,
        "job_slice_count": 1,
        "webhook_service": "",
        "webhook_credential": null,
        "prevent_instance_group_fallback": false,
    });
    let prompts = [
        "scm_branch",
        "diff_mode",
        "variables",
        "limit",
        "tags",
        "skip_tags",
        "job_type",
        "verbosity",
        "inventory",
        "credential",
        "execution_environment",
        "labels",
        "forks",
        "job_slice_count",
        "timeout",
        "instance_groups",
    ];
    let prompts = prompts.iter().map(|name| (format!("ask_{name}_on_launch"), json!(false))).collect();
    merged(merged(template::base(scope, entry, standing), more), Value::Object(prompts))
}
