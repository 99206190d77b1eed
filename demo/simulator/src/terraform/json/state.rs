//! State versions and outputs. A sensitive value is null wherever it would stand.

use serde_json::{Value, json};

use super::{
    super::{Output, View, answer::Refusal, parameters::Parameters, state::StateVersion},
    instant, reference, user,
};
use crate::seed::draw;

/// A state version, with its outputs beside it when `include` asks for them.
pub(in super::super) fn with_outputs(
    view: &View<'_>,
    state: &StateVersion<'_>,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    // Two more than the specification has, because the vendor's clients know them.
    let wanted =
        parameters.includes(&["outputs", "created_by", "run", "run.created_by", "run.configuration_version"])?;
    let mut body = json!({ "data": show(view, state) });
    if let (false, Some(fields)) = (wanted.is_empty(), body.as_object_mut()) {
        let has = |name| wanted.contains(&name);
        let outputs = state.outputs().filter(|_| has("outputs")).map(|(id, value)| output(&id, value));
        let mut included: Vec<_> = outputs.collect();
        if let Some(run) = &state.run {
            included.extend(wanted.iter().any(|name| name.starts_with("run")).then(|| super::run::show(run)));
            included.extend(wanted.iter().any(|name| name.ends_with("created_by")).then(|| user::show(run.user())));
            included.extend(has("run.configuration_version").then(|| super::configuration::version(run)));
        }
        fields.insert("included".to_owned(), Value::Array(included));
    }
    Ok(body)
}

pub(in super::super) fn show(view: &View<'_>, state: &StateVersion<'_>) -> Value {
    let (id, workspace) = (state.id(), state.workspace);
    let user = state.run.as_ref().map_or("amber", |run| run.user());
    let blob = |kind: &str| format!("{}/_archivist/v1/object/{kind}-{id}", view.url);
    let provider = "provider[\"registry.terraform.io/hashicorp/aws\"]";
    let counts = json!({ "aws_instance": workspace.resources });
    let processed = |value: Value| if state.is_processed { value } else { Value::Null };
    let outputs = state.outputs().map(|(id, _)| reference("state-version-outputs", id)).collect::<Vec<_>>();
    let has_commit = workspace.vcs_repo.as_ref().zip(state.run.as_ref());
    let commit_url =
        has_commit.map(|(path, run)| format!("https://gitlab.example.com/{path}/-/commit/{}", run.commit()));
    json!({
        "id": id,
        "type": "state-versions",
        "attributes": {
            "billable-rum-count": workspace.resources,
            "created-at": instant(state.created_at),
            "size": 900 + draw(&id, "size") % 60_000,
            "hosted-state-download-url": blob("state"),
            "hosted-json-state-download-url": blob("json-state"),
            "hosted-state-upload-url": null,
            "hosted-json-state-upload-url": null,
            "intermediate": false,
            "modules": processed(json!({ "root": counts })),
            "providers": processed(json!({ provider: counts })),
            "resources": processed(json!([{
                "name": "main",
                "type": "aws_instance",
                "count": workspace.resources,
                "module": "root",
                "provider": provider,
            }])),
            "resources-processed": state.is_processed,
            "serial": state.number,
            "state-version": 4,
            "status": "finalized",
            "terraform-version": workspace.terraform_version,
            "vcs-commit-sha": has_commit.map(|(_, run)| run.commit()),
            "vcs-commit-url": commit_url,
        },
        "relationships": {
            "run": { "data": state.run.as_ref().map(|run| reference("runs", run.id())) },
            "created-by": {
                "data": reference("users", user::id_of(user)),
                "links": {
                    "self": format!("/api/v2/users/{}", user::id_of(user)),
                    "related": format!("/api/v2/state-versions/{id}/created-by"),
                },
            },
            "workspace": { "data": reference("workspaces", workspace.id()) },
            "outputs": { "data": outputs },
        },
        "links": { "self": format!("/api/v2/state-versions/{id}") },
    })
}

/// The state itself, as Terraform keeps it, without the resources: only the outputs can be told from here.
pub(in super::super) fn raw(state: &StateVersion<'_>) -> Value {
    let outputs = state.workspace.outputs.iter().map(|output| {
        let shown = json!({
            "value": output.value,
            "type": detailed_kind(&output.value),
            "sensitive": output.is_sensitive,
        });
        (output.name.clone(), shown)
    });
    json!({
        "version": 4,
        "terraform_version": state.workspace.terraform_version,
        "serial": state.number,
        "lineage": format!("{:08x}-0000-4000-8000-000000000000", state.workspace.key() >> 32),
        "outputs": outputs.collect::<serde_json::Map<_, _>>(),
        "resources": [],
        "check_results": null,
    })
}

pub(in super::super) fn output(id: &str, output: &Output) -> Value {
    json!({
        "id": id,
        "type": "state-version-outputs",
        "attributes": {
            "name": output.name,
            "sensitive": output.is_sensitive,
            "type": kind(&output.value),
            "value": shown(output),
            "detailed-type": detailed_kind(&output.value),
        },
        "links": { "self": format!("/api/v2/state-version-outputs/{id}") },
    })
}

/// The same output as a workspace includes it: another type, and another name for its type.
pub(in super::super) fn workspace_output(id: &str, output: &Output) -> Value {
    json!({
        "id": id,
        "type": "workspace-outputs",
        "attributes": {
            "name": output.name,
            "sensitive": output.is_sensitive,
            "output-type": kind(&output.value),
            "value": shown(output),
        },
        "links": { "self": format!("/api/v2/state-version-outputs/{id}") },
    })
}

fn shown(output: &Output) -> &Value {
    if output.is_sensitive { &Value::Null } else { &output.value }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Terraform's own notation for types.
fn detailed_kind(value: &Value) -> Value {
    match value {
        Value::Null | Value::String(_) => json!("string"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::Array(items) => json!(["tuple", items.iter().map(detailed_kind).collect::<Vec<_>>()]),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), detailed_kind(value)));
            json!(["object", Value::Object(fields.collect())])
        }
    }
}
