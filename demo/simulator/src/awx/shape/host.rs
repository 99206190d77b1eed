//! Hosts, and the summary of one host in one job.

use serde_json::{Value, json};

use super::{
    super::{
        host::{self, Host, Summary},
        row::{Cell, Row, Scope},
        source::EPOCH,
        user::ADMIN,
    },
    below, instant, merged, present, summary,
};

impl<'w> Row<'w> for Host<'w> {
    fn noun(&self) -> &'static str {
        "host"
    }

    fn cell(&self, _scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id().into(),
            "name" => self.name().into(),
            "inventory" => self.inventory.id.into(),
            "enabled" => true.into(),
            "created" | "modified" => EPOCH.into(),
            _ => return None,
        })
    }

    fn related(&self, scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        Some(match field {
            "inventory" => Box::new(self.inventory),
            "last_job" => Box::new(host::last_job(self.world, self.inventory, scope.now)?),
            _ => return None,
        })
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let (url, user) = (scope.url("hosts", self.id()), scope.url("users", ADMIN.id));
        let job = host::last_job(self.world, self.inventory, scope.now);
        let summaries = job.as_ref().map(host::summaries).unwrap_or_default();
        let last = summaries.iter().find(|summary| summary.host.number == self.number);
        let own = present(json!({
            "created_by": user,
            "modified_by": user,
            "inventory": scope.url("inventories", self.inventory.id),
            "last_job": last.map(|last| scope.url("jobs", last.run.id)),
            "last_job_host_summary": last.map(|last| scope.url("job_host_summaries", last.id())),
        }));
        let lists = [
            "variable_data",
            "groups",
            "all_groups",
            "job_events",
            "job_host_summaries",
            "activity_stream",
            "inventory_sources",
            "smart_inventories",
            "ad_hoc_commands",
            "ad_hoc_command_events",
            "ansible_facts",
        ];
        json!({
            "id": self.id(),
            "type": "host",
            "url": url,
            "related": merged(own, below(&url, &lists)),
            "summary_fields": present(json!({
                "inventory": summary::inventory(scope, Some(self.inventory.id)),
                "last_job": last.map(|last| summary::last_job(last.run)),
                "last_job_host_summary": last.map(|last| json!({ "id": last.id(), "failed": last.is_failed() })),
                "created_by": summary::user(&ADMIN),
                "modified_by": summary::user(&ADMIN),
                "user_capabilities": { "edit": false, "delete": false },
                "groups": { "count": 0, "results": [] },
                "recent_jobs": [],
            })),
            "created": instant(EPOCH),
            "modified": instant(EPOCH),
            "name": self.name(),
            "description": "",
            "inventory": self.inventory.id,
            "enabled": true,
            "instance_id": "",
            "variables": "---",
            "has_active_failures": last.is_some_and(Summary::is_failed),
            "has_inventory_sources": false,
            "last_job": last.map(|last| last.run.id),
            "last_job_host_summary": last.map(Summary::id),
            "ansible_facts_modified": null,
        })
    }
}

impl<'w> Row<'w> for Summary<'w> {
    fn noun(&self) -> &'static str {
        "job_host_summary"
    }

    fn cell(&self, _scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id().into(),
            "job" => self.run.id.into(),
            "host" => self.host.id().into(),
            "host_name" => self.host.name().into(),
            "failed" => self.is_failed().into(),
            _ => return None,
        })
    }

    fn related(&self, _scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        (field == "host").then_some(())?;
        Some(Box::new(self.host))
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let (job, name) = (self.run, self.host.name());
        let template = &job.entry.template;
        let job_summary = json!({ "job_template_id": template.id, "job_template_name": template.name });
        json!({
            "id": self.id(),
            "type": "job_host_summary",
            "url": scope.url("job_host_summaries", self.id()),
            "related": { "job": scope.url("jobs", job.id), "host": scope.url("hosts", self.host.id()) },
            "summary_fields": {
                "host": { "id": self.host.id(), "name": name, "description": "" },
                "job": merged(summary::job(scope, job), job_summary),
            },
            "created": instant(self.at),
            "modified": instant(self.at),
            "job": job.id,
            "host": self.host.id(),
            "constructed_host": null,
            "host_name": name,
            "changed": self.changed,
            "dark": self.dark,
            "failures": self.failures,
            "ok": self.ok,
            "processed": 1,
            "skipped": self.skipped,
            "failed": self.is_failed(),
            "ignored": 0,
            "rescued": 0,
        })
    }
}
