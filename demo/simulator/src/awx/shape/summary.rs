//! The entries of `summary_fields`: an object in a few words, within another.

use serde_json::{Value, json};

use super::{
    super::{
        place::{Inventory, Project},
        row::Scope,
        run::Run,
        user::User,
        world::Entry,
    },
    instant, project,
};

pub(super) fn organization(scope: &Scope<'_>, id: u64) -> Value {
    let organization = scope.world.organizations.get(&id);
    organization.map_or(Value::Null, |it| json!({ "id": it.id, "name": it.name, "description": "" }))
}

pub(super) fn project(scope: &Scope<'_>, id: Option<u64>) -> Value {
    let describe = |project: &Project| {
        json!({
            "id": project.id,
            "name": project.name,
            "description": project::DESCRIPTION,
            "status": "successful",
            "scm_type": "git",
            "allow_override": false,
        })
    };
    id.and_then(|id| scope.world.projects.get(&id)).map_or(Value::Null, describe)
}

pub(super) fn inventory(scope: &Scope<'_>, id: Option<u64>) -> Value {
    let describe = |inventory: &Inventory| {
        let failing = scope.failing_hosts(inventory);
        json!({
            "id": inventory.id,
            "name": inventory.name,
            "description": "",
            "has_active_failures": failing > 0,
            "total_hosts": inventory.hosts,
            "hosts_with_active_failures": failing,
            "total_groups": 0,
            "has_inventory_sources": false,
            "total_inventory_sources": 0,
            "inventory_sources_with_failures": 0,
            "organization_id": inventory.organization,
            "kind": "",
        })
    };
    id.and_then(|id| scope.world.inventories.get(&id)).map_or(Value::Null, describe)
}

/// As `job_template` or `workflow_job_template`.
pub(super) fn template(entry: &Entry) -> Value {
    json!({ "id": entry.template.id, "name": entry.template.name, "description": entry.template.description })
}

pub(super) fn unified_template(entry: &Entry) -> Value {
    let kind = match entry.template.kind {
        super::super::Kind::Job => "job",
        super::super::Kind::Workflow => "workflow_job",
    };
    super::merged(template(entry), json!({ "unified_job_type": kind }))
}

pub(super) fn user(user: &User) -> Value {
    json!({ "id": user.id, "username": user.username, "first_name": user.first_name, "last_name": user.last_name })
}

pub(super) fn schedule(scope: &Scope<'_>, id: u64) -> Value {
    let Some(schedule) = scope.world.schedules.get(&id) else { return Value::Null };
    let next_run = schedule.next_run(scope).map(instant);
    json!({ "id": id, "name": schedule.name(scope.world), "description": "", "next_run": next_run })
}

/// As `last_job`.
pub(super) fn last_job(run: &Run<'_>) -> Value {
    let (status, template) = (run.status(), &run.entry.template);
    json!({
        "id": run.id,
        "name": template.name,
        "description": template.description,
        "finished": run.finished().map(instant),
        "status": status.word(),
        "failed": status.is_bad(),
    })
}

/// As one of `recent_jobs`.
pub(super) fn recent_job(run: &Run<'_>) -> Value {
    json!({
        "id": run.id,
        "status": run.status().word(),
        "finished": run.finished().map(instant),
        "canceled_on": run.canceled().map(instant),
        "type": run.kind(),
    })
}

/// As the `job` of a node or of a host.
pub(super) fn job(scope: &Scope<'_>, run: &Run<'_>) -> Value {
    let (status, template) = (run.status(), &run.entry.template);
    json!({
        "id": run.id,
        "name": template.name,
        "description": template.description,
        "status": status.word(),
        "failed": status.is_bad(),
        "elapsed": run.elapsed(scope.now),
        "type": run.kind(),
    })
}
