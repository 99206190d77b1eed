//! What templates of both kinds have in common, and the fields of theirs that filters read.

use serde_json::{Value, json};

use super::{
    super::{
        Kind,
        row::{Cell, Row, Scope},
        run::{self, Run},
        user::ADMIN,
        world::Entry,
    },
    instant, job_template, merged, present, summary, workflow_job_template,
};

/// How many runs a template shows.
const RECENT_MAX: usize = 10;

/// What a template's runs say about it.
pub(super) struct Standing<'w> {
    pub(super) recent: Vec<Run<'w>>,
}

impl<'w> Standing<'w> {
    fn of(scope: &Scope<'w>, entry: &'w Entry) -> Self {
        Self { recent: run::latest(scope.world, entry, scope.now, RECENT_MAX) }
    }

    fn current(&self) -> Option<&Run<'w>> {
        self.recent.iter().find(|run| run.finished().is_none())
    }

    fn last(&self) -> Option<&Run<'w>> {
        self.recent.iter().find(|run| run.finished().is_some())
    }

    /// The status of the current run, else what the last one came to; a cancellation reads as failed.
    fn status(&self) -> &'static str {
        match (self.current(), self.last()) {
            (Some(run), _) => run.status().word(),
            (None, Some(run)) if run.status().is_bad() => "failed",
            (None, Some(_)) => "successful",
            (None, None) => "never updated",
        }
    }
}

impl<'w> Row<'w> for &'w Entry {
    fn noun(&self) -> &'static str {
        noun(self)
    }

    fn cell(&self, scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        let template = &self.template;
        Some(match field {
            "id" => template.id.into(),
            "name" => template.name.as_str().into(),
            "description" => template.description.as_str().into(),
            "created" | "modified" => template.created_at.into(),
            "created_by" | "modified_by" => ADMIN.id.into(),
            "organization" => self.organization.into(),
            "project" => self.project.into(),
            "inventory" => self.inventory.into(),
            "playbook" => template.playbook.as_str().into(),
            "status" => Standing::of(scope, self).status().into(),
            "last_job" => Standing::of(scope, self).last().map(|run| run.id).into(),
            "current_job" => Standing::of(scope, self).current().map(|run| run.id).into(),
            "last_job_run" => Standing::of(scope, self).last().and_then(Run::finished).into(),
            "last_job_failed" => Standing::of(scope, self).last().is_some_and(|run| run.status().is_bad()).into(),
            "next_schedule" => self.schedule.into(),
            _ => return None,
        })
    }

    fn related(&self, scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        let world = scope.world;
        let take = |run: fn(&Run<'w>) -> bool| Standing::of(scope, self).recent.into_iter().find(run);
        Some(match field {
            "organization" => Box::new(world.organizations.get(&self.organization)?),
            "project" => Box::new(world.projects.get(&self.project?)?),
            "inventory" => Box::new(world.inventories.get(&self.inventory?)?),
            "next_schedule" => Box::new(world.schedules.get(&self.schedule?)?),
            "last_job" => Box::new(take(|run| run.finished().is_some())?),
            "current_job" => Box::new(take(|run| run.finished().is_none())?),
            "created_by" | "modified_by" => Box::new(&ADMIN),
            _ => return None,
        })
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let standing = Standing::of(scope, self);
        match self.template.kind {
            Kind::Job => job_template::describe(scope, self, &standing),
            Kind::Workflow => workflow_job_template::describe(scope, self, &standing),
        }
    }
}

pub(super) fn noun(entry: &Entry) -> &'static str {
    match entry.template.kind {
        Kind::Job => "job_template",
        Kind::Workflow => "workflow_job_template",
    }
}

pub(super) fn url(scope: &Scope<'_>, entry: &Entry) -> String {
    scope.url(&format!("{}s", noun(entry)), entry.template.id)
}

/// The fields of every template; `related` and `summary_fields` are added to by its kind.
pub(super) fn base(scope: &Scope<'_>, entry: &Entry, standing: &Standing<'_>) -> Value {
    let template = &entry.template;
    let next_run = entry.schedule.and_then(|id| scope.world.schedules.get(&id)?.next_run(scope));
    json!({
        "id": template.id,
        "type": noun(entry),
        "url": url(scope, entry),
        "created": instant(template.created_at),
        "modified": instant(template.created_at),
        "name": template.name,
        "description": template.description,
        "organization": entry.organization,
        "last_job_run": standing.last().and_then(Run::finished).map(instant),
        "last_job_failed": standing.last().is_some_and(|run| run.status().is_bad()),
        "next_job_run": next_run.map(instant),
        "status": standing.status(),
    })
}

/// The entries in `related` that templates of both kinds have.
pub(super) fn related(scope: &Scope<'_>, entry: &Entry, standing: &Standing<'_>) -> Value {
    let run = |run: &Run<'_>| scope.url(if run.is_workflow() { "workflow_jobs" } else { "jobs" }, run.id);
    let user = scope.url("users", ADMIN.id);
    present(json!({
        "created_by": user,
        "modified_by": user,
        "organization": scope.url("organizations", entry.organization),
        "last_job": standing.last().map(run),
        "current_job": standing.current().map(run),
        "next_schedule": entry.schedule.map(|id| scope.url("schedules", id)),
    }))
}

/// The entries in `summary_fields` that templates of both kinds have.
pub(super) fn summaries(scope: &Scope<'_>, entry: &Entry, standing: &Standing<'_>) -> Value {
    let roles = [("admin_role", "Admin"), ("execute_role", "Execute"), ("read_role", "Read")];
    let own = present(json!({
        "organization": summary::organization(scope, entry.organization),
        "last_job": standing.last().map(summary::last_job),
        "current_job": standing.current().map(summary::last_job),
        "next_schedule": entry.schedule.map(|id| summary::schedule(scope, id)),
    }));
    merged(
        own,
        json!({
            "created_by": summary::user(&ADMIN),
            "modified_by": summary::user(&ADMIN),
            "object_roles": super::roles(entry.template.id, &roles),
            "user_capabilities": { "edit": false, "delete": false, "start": false, "schedule": false, "copy": false },
            "labels": { "count": 0, "results": [] },
            "recent_jobs": standing.recent.iter().map(summary::recent_job).collect::<Vec<_>>(),
        }),
    )
}
