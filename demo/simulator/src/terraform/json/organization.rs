//! Organizations and what their plan entitles them to.

use serde_json::{Value, json};

use super::{
    super::{View, id, workspace::project_key},
    instant, permissions, reference,
};

const PERMISSIONS: &[&str] = &[
    "can-update",
    "can-destroy",
    "can-access-via-teams",
    "can-create-module",
    "can-create-project",
    "can-create-provider",
    "can-create-team",
    "can-create-workspace",
    "can-start-trial",
    "can-manage-assessments",
    "can-manage-custom-providers",
    "can-manage-public-modules",
    "can-manage-public-providers",
    "can-manage-run-tasks",
    "can-manage-sso",
    "can-manage-subscription",
    "can-manage-tags",
    "can-manage-users",
    "can-manage-varsets",
    "can-read-assessments",
    "can-read-run-tasks",
    "can-read-varsets",
    "can-traverse",
    "can-update-agent-pools",
    "can-update-api-token",
    "can-update-oauth",
    "can-update-sentinel",
    "can-update-ssh-keys",
    "can-view-explorer",
];

pub(in super::super) fn show(view: &View<'_>, name: &str) -> Value {
    let path = format!("/api/v2/organizations/{name}");
    let created_at = view.world.of(name).map(|workspace| workspace.created_at).min().unwrap_or(view.now);
    let default_project = project_key(name, "Default Project");
    json!({
        "id": name,
        "type": "organizations",
        "attributes": {
            "external-id": external_id(name),
            "created-at": instant(created_at),
            "email": format!("{name}@example.com"),
            "session-timeout": null,
            "session-remember": null,
            "collaborator-auth-policy": "password",
            "plan-expired": false,
            "plan-expires-at": null,
            "plan-is-trial": false,
            "plan-is-enterprise": true,
            "plan-identifier": "enterprise",
            "cost-estimation-enabled": true,
            "send-passing-statuses-for-untriggered-speculative-plans": false,
            "aggregated-commit-status-enabled": true,
            "speculative-plan-management-enabled": true,
            "allow-force-delete-workspaces": false,
            "name": name,
            "permissions": permissions(PERMISSIONS, |name| name == "can-traverse" || name == "can-access-via-teams" || name.starts_with("can-read")),
            "fair-run-queuing-enabled": true,
            "saml-enabled": false,
            "owners-team-saml-role-id": null,
            "two-factor-conformant": false,
            "assessments-enforced": false,
            "default-execution-mode": "remote",
        },
        "relationships": {
            "default-agent-pool": { "data": null },
            "oauth-tokens": { "links": { "related": format!("{path}/oauth-tokens") } },
            "authentication-token": { "links": { "related": format!("{path}/authentication-token") } },
            "entitlement-set": {
                "data": reference("entitlement-sets", external_id(name)),
                "links": { "related": format!("{path}/entitlement-set") },
            },
            "subscription": { "links": { "related": format!("{path}/subscription") } },
            "default-project": {
                "data": view.world.project(default_project).map(|_| reference("projects", id::encode("prj", default_project, 0))),
            },
        },
        "links": { "self": path },
    })
}

pub(in super::super) fn entitlements(name: &str) -> Value {
    json!({
        "id": external_id(name),
        "type": "entitlement-sets",
        "attributes": {
            "agents": true,
            "assessments": true,
            "audit-logging": true,
            "configuration-designer": true,
            "cost-estimation": true,
            "global-run-tasks": true,
            "module-tests-generation": false,
            "operations": true,
            "policy-enforcement": true,
            "policy-limit": null,
            "policy-mandatory-enforcement-limit": null,
            "policy-set-limit": null,
            "private-module-registry": true,
            "private-policy-agents": false,
            "private-run-tasks": true,
            "private-vcs": true,
            "run-task-limit": null,
            "run-task-mandatory-enforcement-limit": null,
            "run-task-workspace-limit": null,
            "run-tasks": true,
            "self-serve-billing": false,
            "sentinel": true,
            "sso": true,
            "state-storage": true,
            "teams": true,
            "usage-reporting": false,
            "user-limit": null,
            "vcs-integrations": true,
            "versioned-policy-set-limit": null,
        },
        "links": { "self": format!("/api/v2/entitlement-sets/{}", external_id(name)) },
    })
}

fn external_id(name: &str) -> String {
    id::encode("org", id::key(&["organization", name]), 0)
}
