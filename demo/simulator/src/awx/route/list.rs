//! The lists at the top.

use super::{
    super::{
        Kind,
        call::Call,
        host, model, node,
        page::list,
        row::Row,
        run,
        shape::Token,
        user::{READER, USERS},
    },
    Answer,
};

pub(super) fn me(call: &Call) -> Answer {
    list(call, &call.scope(), &model::USER, [&READER])
}

pub(super) fn users(call: &Call) -> Answer {
    list(call, &call.scope(), &model::USER, &USERS)
}

pub(super) fn organizations(call: &Call) -> Answer {
    let scope = call.scope();
    list(call, &scope, &model::ORGANIZATION, scope.world.organizations.values())
}

pub(super) fn teams(call: &Call) -> Answer {
    let scope = call.scope();
    list(call, &scope, &model::TEAM, scope.world.teams.values())
}

pub(super) fn projects(call: &Call) -> Answer {
    let scope = call.scope();
    list(call, &scope, &model::PROJECT, scope.world.projects.values())
}

pub(super) fn inventories(call: &Call) -> Answer {
    let scope = call.scope();
    list(call, &scope, &model::INVENTORY, scope.world.inventories.values())
}

pub(super) fn hosts(call: &Call) -> Answer {
    let scope = call.scope();
    let hosts = scope.world.inventories.values().flat_map(|inventory| host::all(scope.world, inventory));
    list(call, &scope, &model::HOST, hosts)
}

pub(super) fn schedules(call: &Call) -> Answer {
    let scope = call.scope();
    list(call, &scope, &model::SCHEDULE, scope.world.schedules.values())
}

/// Projects among them: they are templates of updates.
pub(super) fn unified_job_templates(call: &Call) -> Answer {
    let scope = call.scope();
    let templates = scope.world.entries.values().map(|entry| Box::new(entry) as Box<dyn Row<'_>>);
    let projects = scope.world.projects.values().map(|project| Box::new(project) as Box<dyn Row<'_>>);
    list(call, &scope, &model::UNIFIED_JOB_TEMPLATE, templates.chain(projects))
}

pub(super) fn job_templates(call: &Call) -> Answer {
    let scope = call.scope();
    let entries = scope.world.entries.values().filter(|entry| entry.template.kind == Kind::Job);
    list(call, &scope, &model::JOB_TEMPLATE, entries)
}

pub(super) fn workflow_job_templates(call: &Call) -> Answer {
    let scope = call.scope();
    let entries = scope.world.entries.values().filter(|entry| entry.template.kind == Kind::Workflow);
    list(call, &scope, &model::WORKFLOW_JOB_TEMPLATE, entries)
}

pub(super) fn unified_jobs(call: &Call) -> Answer {
    let scope = call.scope();
    list(call, &scope, &model::UNIFIED_JOB, run::all(scope.world, scope.now))
}

pub(super) fn jobs(call: &Call) -> Answer {
    let scope = call.scope();
    list(call, &scope, &model::JOB, run::all(scope.world, scope.now).filter(|run| !run.is_workflow()))
}

pub(super) fn workflow_jobs(call: &Call) -> Answer {
    let scope = call.scope();
    list(call, &scope, &model::WORKFLOW_JOB, run::all(scope.world, scope.now).filter(run::Run::is_workflow))
}

pub(super) fn nodes(call: &Call) -> Answer {
    let scope = call.scope();
    let workflows: Vec<_> = run::all(scope.world, scope.now).filter(run::Run::is_workflow).collect();
    list(call, &scope, &model::NODE, workflows.iter().flat_map(node::all))
}

pub(super) fn tokens(call: &Call) -> Answer {
    list(call, &call.scope(), &model::TOKEN, [Token])
}
