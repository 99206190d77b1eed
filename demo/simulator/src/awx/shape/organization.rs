//! Organizations, and the one team each of them has.

use serde_json::{Value, json};

use super::{
    super::{
        Kind,
        place::{Organization, Team},
        row::{Cell, Row, Scope},
        source::EPOCH,
        user::{ADMIN, USERS},
        world::Entry,
    },
    below, instant, merged, summary,
};

impl<'w> Row<'w> for &'w Organization {
    fn noun(&self) -> &'static str {
        "organization"
    }

    fn cell(&self, _scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id.into(),
            "name" => self.name.as_str().into(),
            "created" | "modified" => EPOCH.into(),
            "created_by" | "modified_by" => ADMIN.id.into(),
            _ => return None,
        })
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let (url, world) = (scope.url("organizations", self.id), scope.world);
        let lists = [
            "execution_environments",
            "projects",
            "inventories",
            "job_templates",
            "workflow_job_templates",
            "users",
            "admins",
            "teams",
            "credentials",
            "applications",
            "activity_stream",
            "notification_templates",
            "notification_templates_started",
            "notification_templates_success",
            "notification_templates_error",
            "notification_templates_approvals",
            "object_roles",
            "access_list",
            "instance_groups",
            "galaxy_credentials",
        ];
        let user = scope.url("users", ADMIN.id);
        let is_own_job = |entry: &&Entry| entry.organization == self.id && entry.template.kind == Kind::Job;
        let inventories = world.inventories.values().filter(|inventory| inventory.organization == self.id);
        let hosts: u64 = inventories.clone().map(|inventory| inventory.hosts).sum();
        let roles =
            [("admin_role", "Admin"), ("auditor_role", "Auditor"), ("member_role", "Member"), ("read_role", "Read")];
        json!({
            "id": self.id,
            "type": "organization",
            "url": url,
            "related": merged(json!({ "created_by": user, "modified_by": user }), below(&url, &lists)),
            "summary_fields": {
                "created_by": summary::user(&ADMIN),
                "modified_by": summary::user(&ADMIN),
                "object_roles": super::roles(self.id, &roles),
                "user_capabilities": { "edit": false, "delete": false },
                "related_field_counts": {
                    "inventories": inventories.count(),
                    "teams": world.teams.values().filter(|team| team.organization == self.id).count(),
                    "users": USERS.len(),
                    "job_templates": world.entries.values().filter(is_own_job).count(),
                    "admins": 1,
                    "projects": world.projects.values().filter(|project| project.organization == self.id).count(),
                    "hosts": hosts,
                },
            },
            "created": instant(EPOCH),
            "modified": instant(EPOCH),
            "name": self.name,
            "description": "",
            "max_hosts": 0,
            "custom_virtualenv": null,
            "default_environment": null,
        })
    }
}

impl<'w> Row<'w> for &'w Team {
    fn noun(&self) -> &'static str {
        "team"
    }

    fn cell(&self, _scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id.into(),
            "name" => self.name.as_str().into(),
            "organization" => self.organization.into(),
            "created" | "modified" => EPOCH.into(),
            _ => return None,
        })
    }

    fn related(&self, scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        (field == "organization").then_some(())?;
        Some(Box::new(scope.world.organizations.get(&self.organization)?))
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let (url, user) = (scope.url("teams", self.id), scope.url("users", ADMIN.id));
        let lists = ["projects", "users", "credentials", "roles", "object_roles", "activity_stream", "access_list"];
        let own = json!({
            "created_by": user,
            "modified_by": user,
            "organization": scope.url("organizations", self.organization),
        });
        let roles = [("admin_role", "Admin"), ("member_role", "Member"), ("read_role", "Read")];
        json!({
            "id": self.id,
            "type": "team",
            "url": url,
            "related": merged(own, below(&url, &lists)),
            "summary_fields": {
                "organization": summary::organization(scope, self.organization),
                "created_by": summary::user(&ADMIN),
                "modified_by": summary::user(&ADMIN),
                "object_roles": super::roles(self.id, &roles),
                "user_capabilities": { "edit": false, "delete": false },
            },
            "created": instant(EPOCH),
            "modified": instant(EPOCH),
            "name": self.name,
            "description": "",
            "organization": self.organization,
        })
    }
}
