//! Workspaces.

use serde_json::{Value, json};

use super::{
    super::{
        Assessments, ExecutionMode, View, Workspace, assessment, id, run::Run, schedule, state, state::StateVersion,
    },
    instant, permissions, reference,
};
use crate::seed::between;

const PERMISSIONS: &[&str] = &[
    "can-update",
    "can-destroy",
    "can-queue-run",
    "can-read-run",
    "can-read-variable",
    "can-update-variable",
    "can-read-state-versions",
    "can-read-state-outputs",
    "can-create-state-versions",
    "can-queue-apply",
    "can-lock",
    "can-unlock",
    "can-force-unlock",
    "can-read-settings",
    "can-manage-tags",
    "can-manage-run-tasks",
    "can-force-delete",
    "can-manage-assessments",
    "can-manage-ephemeral-workspaces",
    "can-read-assessment-results",
    "can-queue-destroy",
];

pub(in super::super) fn show(view: &View<'_>, workspace: &Workspace) -> Value {
    let (organization, name) = (&workspace.organization, &workspace.name);
    let current = schedule::current(workspace, view.now);
    json!({
        "id": workspace.id(),
        "type": "workspaces",
        "attributes": attributes(view, workspace, current.as_ref()),
        "relationships": relationships(view, workspace, current.as_ref()),
        "links": {
            "self": format!("/api/v2/organizations/{organization}/workspaces/{name}"),
            "self-html": format!("/app/{organization}/workspaces/{name}"),
        },
    })
}

fn attributes(view: &View<'_>, workspace: &Workspace, current: Option<&Run<'_>>) -> Value {
    let parts = [settings(workspace), activity(view, workspace, current)];
    let fields =
        parts.into_iter().filter_map(|part| if let Value::Object(fields) = part { Some(fields) } else { None });
    Value::Object(fields.flatten().collect())
}

/// What somebody has set.
fn settings(workspace: &Workspace) -> Value {
    let repository = workspace.vcs_repo.as_ref();
    json!({
        "allow-destroy-plan": true,
        "assessments-enabled": workspace.assessments != Assessments::Off,
        "auto-apply": workspace.auto_apply,
        "auto-apply-run-trigger": false,
        "auto-destroy-activity-duration": null,
        "auto-destroy-at": null,
        "auto-destroy-status": null,
        "created-at": instant(workspace.created_at),
        "description": workspace.description,
        "effective-run-data-retention-desc": null,
        "effective-state-version-retention-desc": null,
        "environment": "default",
        "execution-mode": workspace.execution_mode.word(),
        "file-triggers-enabled": true,
        "global-remote-state": false,
        "hyok-enabled": false,
        "inherits-project-auto-destroy": true,
        "name": workspace.name,
        "no-code-upgrade-available": null,
        "oauth-client-name": repository.map(|_| "GitLab"),
        "operations": workspace.execution_mode != ExecutionMode::Local,
        "project-remote-state": false,
        "queue-all-runs": false,
        "setting-overwrites": { "execution-mode": true, "agent-pool": true },
        "source": "tfe-api",
        "source-module-id": null,
        "source-name": null,
        "source-url": null,
        "speculative-enabled": true,
        "structured-run-output-enabled": true,
        "tag-names": workspace.tag_names,
        "terraform-version": workspace.terraform_version,
        "trigger-patterns": [],
        "trigger-prefixes": [],
        "updated-at": instant(workspace.created_at),
        "vcs-repo": repository.map(|repository| repository_of(&workspace.subject(), repository)),
        "vcs-repo-identifier": repository,
        "working-directory": workspace.working_directory,
    })
}

/// What has come of it, and what the token may do.
fn activity(view: &View<'_>, workspace: &Workspace, current: Option<&Run<'_>>) -> Value {
    let subject = workspace.subject();
    let runs = schedule::starts(workspace, view.now).next().map_or(0, |newest| newest.number);
    let duration = |topic, low, high| (runs > 0).then(|| between(&subject, topic, low, high) * 1_000);
    let is_running = current.is_some_and(|run| !run.status().is_final());
    json!({
        "actions": { "is-destroyable": true },
        "apply-duration-average": duration("apply average", 20, 240),
        "last-assessment-result-at": assessment::current(workspace, view.now).map(|result| instant(result.created_at)),
        "latest-change-at": instant(current.map_or(workspace.created_at, Run::changed_at)),
        "locked": workspace.is_locked || is_running,
        "locked-reason": if workspace.is_locked { "Locked by hand" } else { "" },
        "permissions": permissions(PERMISSIONS, |name| name.starts_with("can-read") && name != "can-read-variable"),
        "plan-duration-average": duration("plan average", 20, 180),
        "policy-check-failures": null,
        "resource-count": state::current(workspace, view.now).map_or(0, |_| workspace.resources),
        "run-failures": u64::from(runs.min(200)) * u64::from(workspace.failure_percent) / 100,
        "workspace-kpis-runs-count": (runs > 0).then_some(runs.min(200)),
    })
}

fn repository_of(subject: &str, repository: &str) -> Value {
    json!({
        "branch": "",
        "display-identifier": repository,
        "identifier": repository,
        "ingress-submodules": false,
        "oauth-token-id": id::encode("ot", id::key(&["oauth token", subject]), 0),
        "repository-http-url": format!("https://gitlab.example.com/{repository}"),
        "service-provider": "gitlab_enterprise_edition",
        "tags-regex": null,
    })
}

fn relationships(view: &View<'_>, workspace: &Workspace, current: Option<&Run<'_>>) -> Value {
    let path = format!("/api/v2/workspaces/{}", workspace.id());
    let run = json!({
        "data": current.map(|run| reference("runs", run.id())),
        "links": current.map_or_else(|| json!({}), |run| json!({ "related": format!("/api/v2/runs/{}", run.id()) })),
    });
    let running = current.filter(|run| !run.status().is_final());
    let state = state::current(workspace, view.now);
    let outputs = state.iter().flat_map(|state| state.outputs().map(|(id, _)| reference("workspace-outputs", id)));
    let agent_pool = (workspace.execution_mode == ExecutionMode::Agent).then(|| agent_pool(&workspace.organization));
    let locked_by = if workspace.is_locked {
        Some(reference("users", super::user::id_of("amber")))
    } else {
        running.map(|run| reference("runs", run.id()))
    };
    json!({
        "agent-pool": { "data": agent_pool },
        "current-assessment-result": {
            "data": assessment::current(workspace, view.now).map(|result| reference("assessment-results", result.id())),
        },
        "current-configuration-version": {
            "data": current.map(|run| reference("configuration-versions", run.part("cv"))),
        },
        "current-run": run,
        // Deprecated: the same as current-run.
        "latest-run": run,
        "current-state-version": {
            "data": state.as_ref().map(|state| reference("state-versions", StateVersion::id(state))),
            "links": { "related": format!("{path}/current-state-version") },
        },
        "effective-tag-bindings": { "links": { "related": format!("{path}/effective-tag-bindings") } },
        "locked-by": { "data": locked_by },
        "organization": { "data": reference("organizations", &workspace.organization) },
        "outputs": {
            "data": outputs.collect::<Vec<_>>(),
            "links": { "related": format!("{path}/current-state-version-outputs") },
        },
        "project": { "data": reference("projects", id::encode("prj", workspace.project_key(), 0)) },
        "readme": { "data": null },
        "remote-state-consumers": { "links": { "related": format!("{path}/relationships/remote-state-consumers") } },
        "ssh-key": { "data": null },
        "tag-bindings": { "links": { "related": format!("{path}/tag-bindings") } },
        "vars": { "data": [] },
    })
}

fn agent_pool(organization: &str) -> Value {
    reference("agent-pools", id::encode("apool", id::key(&["agent pool", organization]), 0))
}
