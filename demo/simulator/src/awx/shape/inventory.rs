//! An inventory.

use serde_json::{Value, json};

use super::{
    super::{
        place::Inventory,
        row::{Cell, Row, Scope},
        source::EPOCH,
        user::ADMIN,
    },
    below, instant, merged, summary,
};

impl<'w> Row<'w> for &'w Inventory {
    fn noun(&self) -> &'static str {
        "inventory"
    }

    fn cell(&self, scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id.into(),
            "name" => self.name.as_str().into(),
            "organization" => self.organization.into(),
            "total_hosts" => self.hosts.into(),
            "has_active_failures" => (scope.failing_hosts(self) > 0).into(),
            "created" | "modified" => EPOCH.into(),
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
        let (url, failing) = (scope.url("inventories", self.id), scope.failing_hosts(self));
        let user = scope.url("users", ADMIN.id);
        let own = json!({
            "created_by": user,
            "modified_by": user,
            "organization": scope.url("organizations", self.organization),
        });
        let lists = [
            "hosts",
            "variable_data",
            "script",
            "activity_stream",
            "job_templates",
            "ad_hoc_commands",
            "access_list",
            "object_roles",
            "instance_groups",
            "copy",
            "labels",
            "groups",
            "root_groups",
            "update_inventory_sources",
            "inventory_sources",
            "tree",
        ];
        let roles = [
            ("admin_role", "Admin"),
            ("update_role", "Update"),
            ("adhoc_role", "Ad Hoc"),
            ("use_role", "Use"),
            ("read_role", "Read"),
        ];
        json!({
            "id": self.id,
            "type": "inventory",
            "url": url,
            "related": merged(own, below(&url, &lists)),
            "summary_fields": {
                "organization": summary::organization(scope, self.organization),
                "created_by": summary::user(&ADMIN),
                "modified_by": summary::user(&ADMIN),
                "object_roles": super::roles(self.id, &roles),
                "user_capabilities": { "edit": false, "delete": false, "copy": false, "adhoc": false },
                "labels": { "count": 0, "results": [] },
            },
            "created": instant(EPOCH),
            "modified": instant(EPOCH),
            "name": self.name,
            "description": "",
            "organization": self.organization,
            "kind": "",
            "host_filter": null,
            "variables": "---",
            "has_active_failures": failing > 0,
            "total_hosts": self.hosts,
            "hosts_with_active_failures": failing,
            "total_groups": 0,
            "has_inventory_sources": false,
            "total_inventory_sources": 0,
            "inventory_sources_with_failures": 0,
            "pending_deletion": false,
            "prevent_instance_group_fallback": false,
        })
    }
}
