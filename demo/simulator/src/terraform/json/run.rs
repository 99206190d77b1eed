//! Runs.

use serde_json::{Map, Value, json};

use super::{
    super::{
        run::{Operation, Run},
        timeline::Status,
    },
    instant, permissions, reference, stamp, user,
};

const PERMISSIONS: &[&str] = &[
    "can-apply",
    "can-cancel",
    "can-comment",
    "can-discard",
    "can-force-execute",
    "can-force-cancel",
    "can-override-policy-check",
];

pub(in super::super) fn show(run: &Run<'_>) -> Value {
    json!({
        "id": run.id(),
        "type": "runs",
        "attributes": attributes(run),
        "relationships": relationships(run),
        "links": { "self": format!("/api/v2/runs/{}", run.id()) },
    })
}

fn attributes(run: &Run<'_>) -> Value {
    let status = run.status();
    let is_under_way = matches!(
        status,
        Status::Pending | Status::PlanQueued | Status::Planning | Status::ApplyQueued | Status::Applying
    );
    let is_by_hand = run.source() != "tfe-configuration-version";
    json!({
        "actions": {
            "is-cancelable": is_under_way,
            "is-confirmable": run.needs_confirmation(),
            "is-discardable": run.needs_confirmation(),
            "is-force-cancelable": false,
        },
        "allow-config-generation": false,
        "allow-empty-apply": false,
        "auto-apply": run.workspace.auto_apply,
        "canceled-at": run.reached(Status::Canceled).map(instant),
        "created-at": instant(run.created_at),
        "has-changes": run.has_changes(),
        "is-destroy": false,
        "message": run.message(),
        "permissions": permissions(PERMISSIONS, |_| false),
        "policy-paths": [],
        "plan-only": run.operation == Operation::PlanOnly,
        "position-in-queue": 0,
        "refresh": true,
        "refresh-only": run.operation == Operation::RefreshOnly,
        "replace-addrs": null,
        "save-plan": run.operation == Operation::SavePlan,
        "source": run.source(),
        "status": status.word(),
        "status-timestamps": timestamps(run),
        "target-addrs": null,
        "terraform-version": run.workspace.terraform_version,
        "triggering-source-name": null,
        "trigger-reason": if is_by_hand { "manual" } else { "git_push" },
        "updated-at": instant(run.changed_at()),
        "variables": [],
    })
}

/// One for each state reached, though being pending is called being ready for a plan.
fn timestamps(run: &Run<'_>) -> Value {
    let names = run.reached.iter().map(|(status, at)| match status {
        Status::Pending => ("plan-queueable-at".to_owned(), *at),
        status => (format!("{}-at", status.word().replace('_', "-")), *at),
    });
    Value::Object(names.map(|(name, at)| (name, json!(stamp(at)))).collect::<Map<_, _>>())
}

fn relationships(run: &Run<'_>) -> Value {
    let path = format!("/api/v2/runs/{}", run.id());
    let one = |kind: &str, prefix: &str, name: &str| {
        json!({
            "data": reference(kind, run.part(prefix)),
            "links": { "related": format!("{path}/{name}") },
        })
    };
    let estimate = if run.workspace.monthly_cost_milli.is_some() {
        one("cost-estimates", "ce", "cost-estimate")
    } else {
        json!({ "data": null })
    };
    let by = |is_so: bool| json!({ "data": is_so.then(|| reference("users", user::id_of(run.user()))) });
    json!({
        "apply": one("applies", "apply", "apply"),
        "canceled-by": by(run.reached(Status::Canceled).is_some()),
        "comments": { "data": [], "links": { "related": format!("{path}/comments") } },
        "configuration-version": one("configuration-versions", "cv", "configuration-version"),
        "confirmed-by": by(run.reached(Status::Confirmed).is_some() && !run.workspace.auto_apply),
        "cost-estimate": estimate,
        "created-by": {
            "data": reference("users", user::id_of(run.user())),
            "links": { "related": format!("{path}/created-by") },
        },
        "plan": one("plans", "plan", "plan"),
        "policy-checks": { "data": [], "links": { "related": format!("{path}/policy-checks") } },
        "run-events": { "data": [], "links": { "related": format!("{path}/run-events") } },
        "task-stages": { "data": [], "links": { "related": format!("{path}/task-stages") } },
        "workspace": { "data": reference("workspaces", run.workspace.id()) },
    })
}
