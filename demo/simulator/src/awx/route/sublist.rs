//! The lists below an object. The object itself must exist.

use super::{
    super::{
        Kind,
        call::Call,
        host,
        model::{self, Model},
        node,
        page::list,
        refusal::Refusal,
        row::Scope,
        run::{self, Run},
        world::Entry,
    },
    Answer,
    detail::{find_run, find_template},
};

pub(super) fn summaries(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let job = found(find_run(&scope, Kind::Job, id), &model::JOB)?;
    list(call, &scope, &model::SUMMARY, host::summaries(&job))
}

pub(super) fn nodes(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let workflow = found(find_run(&scope, Kind::Workflow, id), &model::WORKFLOW_JOB)?;
    list(call, &scope, &model::NODE, node::all(&workflow))
}

pub(super) fn jobs(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let entry = found(find_template(&scope, Kind::Job, id), &model::JOB_TEMPLATE)?;
    list(call, &scope, &model::JOB, runs(&scope, entry))
}

pub(super) fn workflow_jobs(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let entry = found(find_template(&scope, Kind::Workflow, id), &model::WORKFLOW_JOB_TEMPLATE)?;
    list(call, &scope, &model::WORKFLOW_JOB, runs(&scope, entry))
}

pub(super) fn job_template_schedules(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let entry = found(find_template(&scope, Kind::Job, id), &model::JOB_TEMPLATE)?;
    list(call, &scope, &model::SCHEDULE, entry.schedule.and_then(|id| scope.world.schedules.get(&id)))
}

pub(super) fn workflow_job_template_schedules(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let entry = found(find_template(&scope, Kind::Workflow, id), &model::WORKFLOW_JOB_TEMPLATE)?;
    list(call, &scope, &model::SCHEDULE, entry.schedule.and_then(|id| scope.world.schedules.get(&id)))
}

pub(super) fn scheduled_jobs(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let schedule = found(scope.world.schedules.get(&id), &model::SCHEDULE)?;
    let entry = scope.world.entries.get(&schedule.template);
    let runs = entry.into_iter().flat_map(|entry| runs(&scope, entry)).filter(|run| run.source.node.is_none());
    list(call, &scope, &model::UNIFIED_JOB, runs)
}

pub(super) fn hosts(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let inventory = found(scope.world.inventories.get(&id), &model::INVENTORY)?;
    list(call, &scope, &model::HOST, host::all(scope.world, inventory))
}

pub(super) fn job_templates_over(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    let inventory = found(scope.world.inventories.get(&id), &model::INVENTORY)?;
    let entries = scope.world.entries.values().filter(|entry| entry.inventory == Some(inventory.id));
    list(call, &scope, &model::JOB_TEMPLATE, entries)
}

pub(super) fn projects(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    organization(&scope, id)?;
    list(call, &scope, &model::PROJECT, scope.world.projects.values().filter(|project| project.organization == id))
}

pub(super) fn inventories(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    organization(&scope, id)?;
    let inventories = scope.world.inventories.values().filter(|inventory| inventory.organization == id);
    list(call, &scope, &model::INVENTORY, inventories)
}

pub(super) fn teams(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    organization(&scope, id)?;
    list(call, &scope, &model::TEAM, scope.world.teams.values().filter(|team| team.organization == id))
}

pub(super) fn job_templates(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    organization(&scope, id)?;
    list(call, &scope, &model::JOB_TEMPLATE, templates(&scope, Kind::Job, id))
}

pub(super) fn workflow_job_templates(call: &Call, id: u64) -> Answer {
    let scope = call.scope();
    organization(&scope, id)?;
    list(call, &scope, &model::WORKFLOW_JOB_TEMPLATE, templates(&scope, Kind::Workflow, id))
}

fn found<T>(object: Option<T>, model: &Model) -> Result<T, Refusal> {
    object.ok_or_else(|| Refusal::missing(model.class))
}

fn organization(scope: &Scope<'_>, id: u64) -> Result<(), Refusal> {
    found(scope.world.organizations.get(&id), &model::ORGANIZATION).map(|_| ())
}

fn templates<'w>(scope: &Scope<'w>, kind: Kind, organization: u64) -> impl Iterator<Item = &'w Entry> {
    let entries = scope.world.entries.values();
    entries.filter(move |entry| entry.template.kind == kind && entry.organization == organization)
}

fn runs<'w>(scope: &Scope<'w>, entry: &'w Entry) -> impl Iterator<Item = Run<'w>> + use<'w> {
    let (world, now) = (scope.world, scope.now);
    entry.sources.iter().flat_map(move |place| run::of_source(world, *place, now))
}
