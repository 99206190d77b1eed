//! A project: the repository that playbooks come from. It counts as a template, whose runs (updates) are not served.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    super::{
        place::Project,
        row::{Cell, Row, Scope},
        source::EPOCH,
        user::ADMIN,
    },
    below, instant, merged, summary,
};
use crate::seed::{between, draw};

pub(super) const DESCRIPTION: &str = "Playbooks under version control.";

/// Every project is updated once an hour.
const UPDATE_SECONDS: i64 = 3_600;

/// The commit its playbooks are at.
pub(super) fn revision(name: &str) -> String {
    format!("{:016x}{:016x}{:08x}", draw(name, "a"), draw(name, "b"), draw(name, "c") >> 32)
}

impl Project {
    fn updated_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let offset = i64::try_from(between(&self.name, "updated", 0, 3_599)).unwrap_or(0);
        now - TimeDelta::seconds((now.timestamp() - offset).rem_euclid(UPDATE_SECONDS))
            - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()))
    }
}

impl<'w> Row<'w> for &'w Project {
    fn noun(&self) -> &'static str {
        "project"
    }

    fn cell(&self, scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id.into(),
            "name" => self.name.as_str().into(),
            "description" => DESCRIPTION.into(),
            "created" => EPOCH.into(),
            "modified" | "last_job_run" => self.updated_at(scope.now).into(),
            "organization" => self.organization.into(),
            "status" => "successful".into(),
            "created_by" | "modified_by" => ADMIN.id.into(),
            _ => return None,
        })
    }

    fn related(&self, scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        Some(match field {
            "organization" => Box::new(scope.world.organizations.get(&self.organization)?),
            "created_by" | "modified_by" => Box::new(&ADMIN),
            _ => return None,
        })
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let url = scope.url("projects", self.id);
        let updated_at = instant(self.updated_at(scope.now));
        let user = scope.url("users", ADMIN.id);
        let own = json!({
            "created_by": user,
            "modified_by": user,
            "organization": scope.url("organizations", self.organization),
        });
        let lists = [
            "teams",
            "playbooks",
            "inventory_files",
            "update",
            "project_updates",
            "scm_inventory_sources",
            "schedules",
            "activity_stream",
            "notification_templates_started",
            "notification_templates_success",
            "notification_templates_error",
            "access_list",
            "object_roles",
            "copy",
        ];
        let roles = [("admin_role", "Admin"), ("use_role", "Use"), ("update_role", "Update"), ("read_role", "Read")];
        json!({
            "id": self.id,
            "type": "project",
            "url": url,
            "related": merged(own, below(&url, &lists)),
            "summary_fields": {
                "organization": summary::organization(scope, self.organization),
                "created_by": summary::user(&ADMIN),
                "modified_by": summary::user(&ADMIN),
                "object_roles": super::roles(self.id, &roles),
                "user_capabilities": { "edit": false, "delete": false, "start": false, "schedule": false, "copy": false },
            },
            "created": instant(EPOCH),
            "modified": updated_at,
            "name": self.name,
            "description": DESCRIPTION,
            "local_path": format!("_{}__{}", self.id, self.name.replace('-', "_")),
            "scm_type": "git",
            "scm_url": format!("https://gitlab.example.internal/automation/{}.git", self.name),
            "scm_branch": "main",
            "scm_refspec": "",
            "scm_clean": false,
            "scm_track_submodules": false,
            "scm_delete_on_update": false,
            "credential": null,
            "timeout": 0,
            "scm_revision": revision(&self.name),
            "last_job_run": updated_at,
            "last_job_failed": false,
            "next_job_run": null,
            "status": "successful",
            "organization": self.organization,
            "scm_update_on_launch": false,
            "scm_update_cache_timeout": 0,
            "allow_override": false,
            "custom_virtualenv": null,
            "default_environment": null,
            "signature_validation_credential": null,
            "last_update_failed": false,
            "last_updated": updated_at,
        })
    }
}
