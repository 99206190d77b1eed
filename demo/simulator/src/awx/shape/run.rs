//! What all runs have in common, and the fields of theirs that filters read.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    super::{
        Kind,
        life::Status,
        row::{Cell, Row, Scope},
        run::{Launcher, Run},
    },
    instant, job, merged, present, summary, workflow_job,
};

impl<'w> Row<'w> for Run<'w> {
    fn noun(&self) -> &'static str {
        self.kind()
    }

    fn cell(&self, scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        let entry = self.entry;
        let is_job = entry.template.kind == Kind::Job;
        Some(match field {
            "id" => self.id.into(),
            "name" => entry.template.name.as_str().into(),
            "description" => entry.template.description.as_str().into(),
            "unified_job_template" => entry.template.id.into(),
            "job_template" => is_job.then_some(entry.template.id).into(),
            "workflow_job_template" => (!is_job).then_some(entry.template.id).into(),
            "organization" => entry.organization.into(),
            "project" => entry.project.into(),
            "inventory" => entry.inventory.into(),
            "launch_type" => self.launch_type().into(),
            "status" => self.status().word().into(),
            "failed" => self.status().is_bad().into(),
            "created" => self.created().into(),
            "modified" => self.modified(scope.now).into(),
            "started" => self.started().into(),
            "finished" => self.finished().into(),
            "canceled_on" => self.canceled().into(),
            "elapsed" => Cell::Number(self.elapsed(scope.now)),
            "schedule" => self.schedule().into(),
            _ => return None,
        })
    }

    fn related(&self, scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        Some(match field {
            "unified_job_template" | "job_template" | "workflow_job_template" => Box::new(self.entry),
            "schedule" => Box::new(scope.world.schedules.get(&self.schedule()?)?),
            "created_by" => Box::new(self.user()?),
            other => return self.entry.related(scope, other),
        })
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        if self.is_workflow() { workflow_job::describe(scope, self) } else { job::describe(scope, self) }
    }

    fn detail(&self, scope: &Scope<'w>) -> Value {
        let more = if self.is_workflow() { workflow_job::more() } else { job::more(scope, self) };
        merged(self.describe(scope), more)
    }
}

impl<'w> Run<'w> {
    pub(super) fn kind(&self) -> &'static str {
        if self.is_workflow() { "workflow_job" } else { "job" }
    }

    /// When its row was last written: at its latest change of status.
    fn modified(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let plan = self.plan();
        let changes = plan.map(|plan| [plan.ends, plan.starts, plan.waits]).into_iter().flatten();
        changes.into_iter().find(|at| *at <= now).unwrap_or_else(|| self.created())
    }

    /// A cancellation is noted a moment before it has taken effect.
    pub(super) fn canceled(&self) -> Option<DateTime<Utc>> {
        let at = self.finished().filter(|_| self.status() == Status::Canceled)?;
        Some(at - TimeDelta::milliseconds(400))
    }

    /// Seconds with milliseconds, still growing while it runs.
    pub(super) fn elapsed(&self, now: DateTime<Utc>) -> f64 {
        let Some(started) = self.started() else { return 0.0 };
        let millis = (self.finished().unwrap_or(now) - started).num_milliseconds();
        f64::from(i32::try_from(millis).unwrap_or(i32::MAX)) / 1000.0
    }

    fn schedule(&self) -> Option<u64> {
        self.entry.schedule.filter(|_| self.source.node.is_none())
    }

    fn user(&self) -> Option<&'static super::super::user::User> {
        match self.launcher() {
            Some(Launcher::User(user)) => Some(user),
            _ => None,
        }
    }
}

/// The fields of every run; `related` and `summary_fields` are added to by its kind.
pub(super) fn base(scope: &Scope<'_>, run: &Run<'_>) -> Value {
    let (template, status, now) = (&run.entry.template, run.status(), scope.now);
    let explanation = match status {
        Status::Error => "The project revision for this job template is unknown due to a failed update.",
        Status::Failed if run.is_workflow() => {
            "Workflow job has finished with a failed node and no error handling path."
        }
        _ => "",
    };
    json!({
        "id": run.id,
        "type": run.kind(),
        "created": instant(run.created()),
        "modified": instant(run.modified(now)),
        "name": template.name,
        "description": template.description,
        "unified_job_template": template.id,
        "launch_type": run.launch_type(),
        "status": status.word(),
        "failed": status.is_bad(),
        "started": run.started().map(instant),
        "finished": run.finished().map(instant),
        "canceled_on": run.canceled().map(instant),
        "elapsed": run.elapsed(now),
        "job_explanation": explanation,
        "launched_by": launched_by(scope, run),
        "work_unit_id": null,
    })
}

fn launched_by(scope: &Scope<'_>, run: &Run<'_>) -> Value {
    let named =
        |id: u64, name: &str, kind: &str, url: String| json!({ "id": id, "name": name, "type": kind, "url": url });
    match run.launcher() {
        None => json!({}),
        Some(Launcher::User(user)) => named(user.id, user.username, "user", scope.url("users", user.id)),
        Some(Launcher::Schedule(id)) => {
            let name = scope.world.schedules.get(&id).map_or_else(String::new, |schedule| schedule.name(scope.world));
            named(id, &name, "schedule", scope.url("schedules", id))
        }
        Some(Launcher::Workflow(workflow)) => {
            let url = scope.url("workflow_jobs", workflow.id);
            named(workflow.id, &workflow.entry.template.name, "workflow_job", url)
        }
    }
}

/// The entries in `related` that every run has.
pub(super) fn related(scope: &Scope<'_>, run: &Run<'_>) -> Value {
    let user = run.user().map(|user| scope.url("users", user.id));
    let workflow = run.workflow().map(|workflow| scope.url("workflow_jobs", workflow.id));
    present(json!({
        "created_by": user,
        "modified_by": user,
        "organization": scope.url("organizations", run.entry.organization),
        "unified_job_template": super::template::url(scope, run.entry),
        "schedule": run.schedule().map(|id| scope.url("schedules", id)),
        "source_workflow_job": workflow,
    }))
}

/// The entries in `summary_fields` that every run has.
pub(super) fn summaries(scope: &Scope<'_>, run: &Run<'_>) -> Value {
    let user = run.user().map(summary::user);
    let workflow = run.workflow().map(|workflow| summary::job(scope, &workflow));
    present(json!({
        "organization": summary::organization(scope, run.entry.organization),
        "unified_job_template": summary::unified_template(run.entry),
        "schedule": run.schedule().map(|id| summary::schedule(scope, id)),
        "source_workflow_job": workflow,
        "created_by": user,
        "modified_by": user,
        "user_capabilities": { "delete": false, "start": false },
        "labels": { "count": 0, "results": [] },
    }))
}
