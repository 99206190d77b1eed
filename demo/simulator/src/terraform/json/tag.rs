//! Tags with a value.

use serde_json::{Value, json};

use super::{
    super::{Workspace, id},
    instant,
};

pub(in super::super) fn bindings(workspace: &Workspace) -> Value {
    let data = workspace.tag_bindings.iter().map(|(key, value)| {
        json!({
            "id": binding_id("tb", workspace, key),
            "type": "tag-bindings",
            "attributes": { "key": key, "value": value, "created-at": instant(workspace.created_at) },
        })
    });
    let data: Vec<_> = data.collect();
    json!({ "data": data, "links": { "target": format!("/api/v2/workspaces/{}", workspace.id()) } })
}

/// Those of the workspace alone: its project has none to pass on.
pub(in super::super) fn effective(workspace: &Workspace) -> Vec<Value> {
    let data = workspace.tag_bindings.iter().map(|(key, value)| {
        json!({
            "id": binding_id("etb", workspace, key),
            "type": "effective-tag-bindings",
            "attributes": { "key": key, "value": value },
        })
    });
    data.collect()
}

fn binding_id(prefix: &str, workspace: &Workspace, key: &str) -> String {
    id::encode(prefix, id::key(&[&workspace.organization, &workspace.name, "tag", key]), 0)
}
