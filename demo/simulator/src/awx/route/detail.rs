//! One object at its own address.

use axum::{Json, response::IntoResponse as _};

use super::{
    super::{
        Kind,
        call::Call,
        host,
        model::{self, Model},
        node,
        refusal::Refusal,
        row::{Row, Scope},
        run::{self, Run},
        shape::Token,
        user::USERS,
        world::Entry,
    },
    Answer,
};

pub(super) fn user(call: &Call, id: u64) -> Answer {
    show(&call.scope(), &model::USER, USERS.iter().find(|user| user.id == id))
}

pub(super) fn organization(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::ORGANIZATION, scope.world.organizations.get(&id))
}

pub(super) fn team(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::TEAM, scope.world.teams.get(&id))
}

pub(super) fn project(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::PROJECT, scope.world.projects.get(&id))
}

pub(super) fn inventory(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::INVENTORY, scope.world.inventories.get(&id))
}

pub(super) fn host(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::HOST, host::by_id(scope.world, id))
}

pub(super) fn schedule(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::SCHEDULE, scope.world.schedules.get(&id))
}

pub(super) fn job_template(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::JOB_TEMPLATE, find_template(&scope, Kind::Job, id))
}

pub(super) fn workflow_job_template(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::WORKFLOW_JOB_TEMPLATE, find_template(&scope, Kind::Workflow, id))
}

pub(super) fn job(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::JOB, find_run(&scope, Kind::Job, id))
}

pub(super) fn workflow_job(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    show(&scope, &model::WORKFLOW_JOB, find_run(&scope, Kind::Workflow, id))
}

pub(super) fn node(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let workflow = find_run(&scope, Kind::Workflow, node::workflow_job_of(id));
    let nodes = workflow.iter().flat_map(node::all);
    show(&scope, &model::NODE, nodes.into_iter().find(|node| node.id() == id))
}

pub(super) fn token(call: &Call, id: u64) -> Answer {
    show(&call.scope(), &model::TOKEN, (id == 1).then_some(Token))
}

fn show<'w, R: Row<'w>>(scope: &Scope<'w>, model: &Model, row: Option<R>) -> Answer {
    let row = row.ok_or_else(|| Refusal::missing(model.class))?;
    Ok(Json(row.detail(scope)).into_response())
}

pub(super) fn find_template<'w>(scope: &Scope<'w>, kind: Kind, id: u64) -> Option<&'w Entry> {
    scope.world.entries.get(&id).filter(|entry| entry.template.kind == kind)
}

pub(super) fn find_run<'w>(scope: &Scope<'w>, kind: Kind, id: u64) -> Option<Run<'w>> {
    run::by_id(scope.world, id, scope.now).filter(|run| run.entry.template.kind == kind)
}
