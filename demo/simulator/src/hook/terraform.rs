//! Terraform's notifications of runs, and the test that a new configuration is enabled with.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::Hook;
use crate::terraform::{RunSeen, Terraform};

impl Terraform {
    /// What each run of a workspace sends whose state is newer than `since`.
    pub fn run_hooks(&self, organization: &str, name: &str, since: DateTime<Utc>) -> Vec<Hook> {
        let hook = |run: RunSeen| {
            let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
            let body = json!({
                "payload_version": 1, "notification_configuration_id": "nc-AeUQ2zfKZzW9TiGZ",
                "run_url": format!("https://app.terraform.io/app/{organization}/{name}/runs/{}", run.id),
                "run_id": run.id, "run_message": "Add five new queue workers", "run_created_at": moment(run.created_at),
                "run_created_by": "sample-user", "workspace_id": run.workspace_id, "workspace_name": name,
                "organization_name": organization,
                "notifications": [{ "message": "Run changed", "trigger": "run:completed", "run_status": run.status,
                    "run_updated_at": moment(run.changed_at), "run_updated_by": "sample-user" }],
            });
            Hook::new("terraform", &body)
        };
        self.runs_since(organization, name, since).into_iter().map(hook).collect()
    }
}

/// The test: it names nothing, and a configuration whose test is refused cannot be enabled.
pub fn verification() -> Hook {
    let body = json!({
        "payload_version": 1, "notification_configuration_id": "nc-AeUQ2zfKZzW9TiGZ", "run_url": null, "run_id": null,
        "run_message": null, "run_created_at": null, "run_created_by": null, "workspace_id": null,
        "workspace_name": null, "organization_name": null,
        "notifications": [{ "message": "Verification of weft", "trigger": "verification", "run_status": null,
            "run_updated_at": null, "run_updated_by": null }],
    });
    Hook::new("terraform", &body)
}
