//! Plans and applies: the two halves of a run, each with a state of its own.

use serde_json::{Value, json};

use super::{
    super::{
        ExecutionMode, View, id,
        run::Run,
        timeline::{Ending, Status},
    },
    log_url, reference, stamps,
};

pub(in super::super) fn plan(view: &View<'_>, run: &Run<'_>) -> Value {
    let (id, status) = (run.part("plan"), plan_status(run));
    let is_known = status == "finished";
    let [additions, changes, destructions] = run.resource_counts();
    let count = |count: u64| is_known.then_some(count);
    let ended_at = run.reached(Status::Planned).or_else(|| plan_broken_at(run));
    json!({
        "id": id,
        "type": "plans",
        "attributes": {
            "actions": { "is-exportable": is_known },
            "execution-details": execution(run),
            "generated-configuration": false,
            "has-changes": run.has_changes(),
            "log-read-url": log_url(view.url, &id),
            "permissions": { "can-export": false },
            "resource-additions": count(additions),
            "resource-changes": count(changes),
            "resource-destructions": count(destructions),
            "resource-imports": count(0),
            "status": status,
            "status-timestamps": stamps([
                ("pending-at", Some(run.created_at)),
                ("queued-at", run.reached(Status::PlanQueued)),
                ("started-at", run.reached(Status::Planning)),
                (if status == "finished" { "finished-at" } else { ended_name(status) }, ended_at),
            ]),
            "structured-run-output-enabled": true,
        },
        "relationships": { "state-versions": { "data": [] }, "exports": { "data": [] } },
        "links": {
            "self": format!("/api/v2/plans/{id}"),
            "json-output": format!("/api/v2/plans/{id}/json-output"),
        },
    })
}

pub(in super::super) fn apply(view: &View<'_>, run: &Run<'_>) -> Value {
    let (id, status) = (run.part("apply"), apply_status(run));
    let is_known = status == "finished";
    let [additions, changes, destructions] = run.resource_counts();
    let count = |count: u64| is_known.then_some(count);
    let ended_at = run
        .reached(Status::Applied)
        .or_else(|| run.reached(Status::Errored))
        .filter(|_| run.reached(Status::Applying).is_some());
    let states: Vec<_> = is_known.then(|| reference("state-versions", run.part("sv"))).into_iter().collect();
    json!({
        "id": id,
        "type": "applies",
        "attributes": {
            "execution-details": execution(run),
            "log-read-url": log_url(view.url, &id),
            "resource-additions": count(additions),
            "resource-changes": count(changes),
            "resource-destructions": count(destructions),
            "resource-imports": count(0),
            "status": status,
            "status-timestamps": stamps([
                ("queued-at", run.reached(Status::ApplyQueued)),
                ("started-at", run.reached(Status::Applying)),
                (if is_known { "finished-at" } else { ended_name(status) }, ended_at),
            ]),
        },
        "relationships": { "state-versions": { "data": states } },
        "links": { "self": format!("/api/v2/applies/{id}") },
    })
}

fn plan_status(run: &Run<'_>) -> &'static str {
    match run.status() {
        Status::Pending => "pending",
        Status::PlanQueued => "queued",
        Status::Planning => "running",
        Status::Errored if run.ending == Ending::PlanErrored => "errored",
        Status::Canceled => "canceled",
        _ => "finished",
    }
}

/// A run that ended before it leaves its apply unreachable.
fn apply_status(run: &Run<'_>) -> &'static str {
    match run.status() {
        Status::ApplyQueued => "queued",
        Status::Applying => "running",
        Status::Applied => "finished",
        Status::Errored if run.ending == Ending::ApplyErrored => "errored",
        status if status.is_final() => "unreachable",
        _ => "pending",
    }
}

fn plan_broken_at(run: &Run<'_>) -> Option<chrono::DateTime<chrono::Utc>> {
    run.reached(Status::Canceled).or_else(|| run.reached(Status::Errored))
}

fn ended_name(status: &str) -> &'static str {
    if status == "canceled" { "canceled-at" } else { "errored-at" }
}

fn execution(run: &Run<'_>) -> Value {
    if run.workspace.execution_mode != ExecutionMode::Agent {
        return json!({ "mode": run.workspace.execution_mode.word() });
    }
    let organization = run.workspace.organization.as_str();
    json!({
        "agent-id": id::encode("agent", id::key(&["agent", organization]), 0),
        "agent-name": "agent_01",
        "agent-pool-id": id::encode("apool", id::key(&["agent pool", organization]), 0),
        "agent-pool-name": "first-pool",
        "mode": "agent",
    })
}
