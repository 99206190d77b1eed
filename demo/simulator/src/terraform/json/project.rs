//! Projects.

use serde_json::{Value, json};

use super::{
    super::{View, id, page::Page, parameters::Parameters, world::Project},
    instant, permissions, reference,
};

const PERMISSIONS: &[&str] = &[
    "can-read",
    "can-update",
    "can-destroy",
    "can-create-workspace",
    "can-move-workspace",
    "can-deploy-no-code-modules",
    "can-read-teams",
    "can-manage-tags",
    "can-manage-teams",
    "can-manage-varsets",
];

/// One project; `None`: no such key.
pub(in super::super) fn show(view: &View<'_>, key: u64) -> Option<Value> {
    Some(describe(view, key, view.world.project(key)?))
}

pub(in super::super) fn list(view: &View<'_>, page: &Page<'_>, organization: &str, parameters: &Parameters) -> Value {
    let searched = parameters.get("q").unwrap_or_default().to_lowercase();
    let mut found: Vec<_> = view
        .world
        .projects(organization)
        .filter(|(_, project)| parameters.admits("filter[names]", &project.name))
        .filter(|(_, project)| project.name.to_lowercase().contains(&searched))
        .collect();
    match parameters.get("sort") {
        Some("name") => found.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name)),
        Some("-name") => found.sort_by(|(_, a), (_, b)| b.name.cmp(&a.name)),
        // Arbitrary but stable, as documented.
        _ => {}
    }
    let total = found.len();
    let rows = page.of(found).into_iter().map(|(key, project)| describe(view, key, project)).collect();
    page.list(view, rows, total)
}

fn describe(view: &View<'_>, key: u64, project: &Project) -> Value {
    let id = id::encode("prj", key, 0);
    let path = format!("/api/v2/projects/{id}");
    let organization = &project.organization;
    let created =
        project.workspaces.iter().filter_map(|key| view.world.by_key(*key)).map(|workspace| workspace.created_at);
    json!({
        "id": id,
        "type": "projects",
        "attributes": {
            "name": project.name,
            "description": null,
            "created-at": instant(created.min().unwrap_or(view.now)),
            "workspace-count": project.workspaces.len(),
            "team-count": 1,
            "auto-destroy-activity-duration": null,
            "default-execution-mode": "remote",
            "setting-overwrites": { "default-execution-mode": false, "default-agent-pool": false },
            "permissions": permissions(PERMISSIONS, |name| name == "can-read"),
        },
        "relationships": {
            "organization": {
                "data": reference("organizations", organization),
                "links": { "related": format!("/api/v2/organizations/{organization}") },
            },
            "default-agent-pool": { "data": null },
            "tag-bindings": { "links": { "related": format!("{path}/tag-bindings") } },
            "effective-tag-bindings": { "links": { "related": format!("{path}/effective-tag-bindings") } },
        },
        "links": { "self": path },
    })
}
