//! What the API has: versions, groups and resources, as `kubectl` and the client libraries read it.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    World,
    resource::{RESOURCES, Resource},
    status,
};

/// The groups that are not core, each with its only version.
const GROUPS: [&str; 8] = [
    "apps",
    "batch",
    "authorization.k8s.io",
    "apps.openshift.io",
    "build.openshift.io",
    "config.openshift.io",
    "project.openshift.io",
    "route.openshift.io",
];

const VERBS: [&str; 3] = ["get", "list", "watch"];

pub(super) fn version() -> Response {
    Json(json!({
        "major": "1",
        "minor": "34",
        "emulationMajor": "1",
        "emulationMinor": "34",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "33",
        "gitVersion": "v1.34.2",
        "gitCommit": "8c1f7d2a5e3b4c6d9f0a1b2c3d4e5f6a7b8c9d0e",
        "gitTreeState": "clean",
        "buildDate": "2026-01-20T08:14:32Z",
        "goVersion": "go1.24.6 (Red Hat 1.24.6-1.el9_6) X:strictfipsruntime",
        "compiler": "gc",
        "platform": "linux/amd64",
    }))
    .into_response()
}

/// `/api`: the versions of the core group.
pub(super) fn core_versions(url: &str) -> Response {
    let address = url.split_once("://").map_or(url, |(_, address)| address);
    Json(json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": address }],
    }))
    .into_response()
}

/// `/apis`: the groups.
pub(super) fn groups(world: &World) -> Response {
    let groups: Vec<_> = known(world).map(group).collect();
    Json(json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })).into_response()
}

/// `/apis/{group}`.
pub(super) fn one_group(world: &World, name: &str) -> Response {
    let Some(name) = known(world).find(|known| *known == name) else { return status::unknown_path() };
    let mut group = group(name);
    if let Some(group) = group.as_object_mut() {
        group.insert("kind".to_owned(), json!("APIGroup"));
        group.insert("apiVersion".to_owned(), json!("v1"));
    }
    Json(group).into_response()
}

/// `/api/v1` and `/apis/{group}/v1`: the resources.
pub(super) fn resources(world: &World, group: &str, version: &str) -> Response {
    let is_known = version == "v1" && (group.is_empty() || known(world).any(|known| known == group));
    if !is_known {
        return status::unknown_path();
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut resources: Vec<_> = RESOURCES.iter().filter(|resource| resource.group == group).map(describe).collect();
    if group == "authorization.k8s.io" {
        resources.push(json!({
            "name": "selfsubjectaccessreviews",
            "singularName": "selfsubjectaccessreview",
            "namespaced": false,
            "kind": "SelfSubjectAccessReview",
            "verbs": ["create"],
        }));
    }
    Json(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    }))
    .into_response()
}

fn known(world: &World) -> impl Iterator<Item = &'static str> {
    GROUPS.into_iter().filter(|group| world.has_group(group))
}

fn group(name: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}

fn describe(resource: &Resource) -> Value {
    let mut described = json!({
        "name": resource.plural,
        "singularName": resource.singular(),
        "namespaced": resource.is_namespaced,
        "kind": resource.kind,
        "verbs": VERBS,
    });
    if let Some(described) = described.as_object_mut() {
        if !resource.short_names.is_empty() {
            described.insert("shortNames".to_owned(), json!(resource.short_names));
        }
        if resource.is_in_all() {
            described.insert("categories".to_owned(), json!(["all"]));
        }
    }
    described
}
