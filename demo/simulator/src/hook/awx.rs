//! AWX's notifications of runs that began or ended.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Hook;
use crate::awx::{Awx, RunSeen};

impl Awx {
    /// What each run of a template sends that began or ended after `since`, with the header of its notification template still missing.
    pub fn run_hooks(&self, template: u64, since: DateTime<Utc>) -> Vec<Hook> {
        let hook = |run: RunSeen| {
            let body = json!({
                "id": run.id, "name": run.name, "url": format!("{}/#/jobs/playbook/{}", self.url(), run.id),
                "created_by": "bianca", "started": run.started.map(|at| at.to_rfc3339()),
                "finished": run.finished.map(|at| at.to_rfc3339()), "status": run.status, "traceback": "",
                "inventory": "Production", "project": "Playbooks", "playbook": "deploy.yml", "credential": null,
                "limit": "", "extra_vars": "{\"token\": \"$encrypted$\"}", "hosts": {},
            });
            Hook::new("awx", &body).header("user-agent", "AWX 24.6.1 (open)")
        };
        self.runs_since(template, since).into_iter().map(hook).collect()
    }
}
