//! A workflow job template.

use serde_json::{Value, json};

use super::{
    super::{row::Scope, world::Entry},
    below, merged,
    template::{self, Standing},
};

pub(super) fn describe(scope: &Scope<'_>, entry: &Entry, standing: &Standing<'_>) -> Value {
    let url = template::url(scope, entry);
    let lists = [
        "workflow_jobs",
        "schedules",
        "launch",
        "webhook_key",
        "workflow_nodes",
        "labels",
        "activity_stream",
        "notification_templates_started",
        "notification_templates_success",
        "notification_templates_error",
        "notification_templates_approvals",
        "access_list",
        "object_roles",
        "survey_spec",
        "copy",
    ];
    let more = json!({
        "related": merged(template::related(scope, entry, standing), below(&url, &lists)),
        "summary_fields": template::summaries(scope, entry, standing),
        "extra_vars": "---",
        "survey_enabled": false,
        "allow_simultaneous": false,
        "inventory": null,
        "limit": null,
        "scm_branch": null,
        "webhook_service": "",
        "webhook_credential": null,
        "skip_tags": null,
        "job_tags": null,
    });
    let prompts = ["variables", "inventory", "scm_branch", "limit", "labels", "skip_tags", "tags"];
    let prompts = prompts.iter().map(|name| (format!("ask_{name}_on_launch"), json!(false))).collect();
    merged(merged(template::base(scope, entry, standing), more), Value::Object(prompts))
}
