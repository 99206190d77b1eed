//! Related resources beside the answer: which ones may be asked for, and each of them once.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    View, Workspace, answer::Refusal, assessment, json, parameters::Parameters, run::Run, schedule, state,
    workspace::project_key,
};

const ORGANIZATION: &[&str] = &["subscription", "entitlement_set", "default_project"];

/// What the specification allows for a workspace. `current_run.cost_estimate` is not among it.
pub(super) const WORKSPACE: &[&str] = &[
    "agent_pool",
    "current_assessment_result",
    "current_configuration_version",
    "current_configuration_version.ingress_attributes",
    "current_run",
    "current_run.apply",
    "current_run.plan",
    "current_run.configuration_version",
    "current_run.configuration_version.ingress_attributes",
    "current_state_version",
    "current_state_version.resources_processed",
    "effective_tag_bindings",
    "latest_run",
    "latest_run.plan",
    "latest_run.configuration_version",
    "latest_run.configuration_version.ingress_attributes",
    "locked_by",
    "no_code_module_version",
    "no_code_module_version.no_code_module",
    "no_code_module_version.no_code_module.latest_version",
    "organization",
    "outputs",
    "project",
    "readme",
    "vars",
];

/// What the specification allows for a run, alone or in a list.
pub(super) const RUN: &[&str] = &[
    "plan",
    "apply",
    "created_by",
    "configuration_version",
    "configuration_version.ingress_attributes",
    "cost_estimate",
    "workspace",
    "task_stages",
    "tf_policy_evaluations",
];

/// The related resources of one answer.
#[derive(Default)]
pub(super) struct Included {
    seen: HashSet<String>,
    resources: Vec<Value>,
}

pub(super) fn organization(view: &View<'_>, name: &str, parameters: &Parameters) -> Result<Value, Refusal> {
    let wanted = parameters.includes(ORGANIZATION)?;
    let mut included = Included::default();
    if wanted.contains(&"entitlement_set") {
        included.add(json::organization::entitlements(name));
    }
    if wanted.contains(&"default_project") {
        included.extend(json::project::show(view, project_key(name, "Default Project")));
    }
    Ok(included.beside(json!({ "data": json::organization::show(view, name) }), &wanted))
}

pub(super) fn workspace(view: &View<'_>, workspace: &Workspace, parameters: &Parameters) -> Result<Value, Refusal> {
    let wanted = parameters.includes(WORKSPACE)?;
    let mut included = Included::default();
    included.workspace(view, workspace, &wanted);
    Ok(included.beside(json!({ "data": json::workspace::show(view, workspace) }), &wanted))
}

impl Included {
    /// `body` with the related resources, if any were asked for.
    pub(super) fn beside(self, mut body: Value, wanted: &[&str]) -> Value {
        if let (false, Some(fields)) = (wanted.is_empty(), body.as_object_mut()) {
            fields.insert("included".to_owned(), Value::Array(self.resources));
        }
        body
    }

    pub(super) fn add(&mut self, resource: Value) {
        let part = |name| resource.get(name).and_then(Value::as_str).unwrap_or_default();
        if self.seen.insert(format!("{} {}", part("type"), part("id"))) {
            self.resources.push(resource);
        }
    }

    fn extend(&mut self, resources: impl IntoIterator<Item = Value>) {
        resources.into_iter().for_each(|resource| self.add(resource));
    }

    /// A path such as `current_run.plan` brings along what it leads through.
    pub(super) fn workspace(&mut self, view: &View<'_>, workspace: &Workspace, wanted: &[&str]) {
        for name in wanted {
            if let Some(below) = name.strip_prefix("current_run").or_else(|| name.strip_prefix("latest_run")) {
                if let Some(run) = schedule::current(workspace, view.now) {
                    self.add(json::run::show(&run));
                    self.run(view, &run, &[below.trim_start_matches('.')]);
                }
                continue;
            }
            if let Some(below) = name.strip_prefix("current_configuration_version") {
                if let Some(run) = schedule::current(workspace, view.now) {
                    self.run(view, &run, &[&format!("configuration_version{below}")]);
                }
                continue;
            }
            match *name {
                "organization" => self.add(json::organization::show(view, &workspace.organization)),
                "project" => self.extend(json::project::show(view, workspace.project_key())),
                "effective_tag_bindings" => self.extend(json::tag::effective(workspace)),
                "current_assessment_result" => {
                    self.extend(assessment::current(workspace, view.now).as_ref().map(json::assessment::show));
                }
                "current_state_version" | "current_state_version.resources_processed" => {
                    self.extend(
                        state::current(workspace, view.now).as_ref().map(|state| json::state::show(view, state)),
                    );
                }
                "outputs" => {
                    if let Some(state) = state::current(workspace, view.now) {
                        self.extend(state.outputs().map(|(id, output)| json::state::workspace_output(&id, output)));
                    }
                }
                "locked_by" => {
                    let run = schedule::current(workspace, view.now).filter(|run| !run.status().is_final());
                    self.extend(run.as_ref().map(json::run::show));
                }
                // Allowed, and nothing of the kind here.
                _ => {}
            }
        }
    }

    pub(super) fn run(&mut self, view: &View<'_>, run: &Run<'_>, wanted: &[&str]) {
        for name in wanted {
            match *name {
                "plan" => self.add(json::plan::plan(view, run)),
                "apply" => self.add(json::plan::apply(view, run)),
                "created_by" => self.add(json::user::show(run.user())),
                "cost_estimate" => self.extend(json::cost_estimate::show(run)),
                "workspace" => self.add(json::workspace::show(view, run.workspace)),
                "configuration_version" => self.add(json::configuration::version(run)),
                "configuration_version.ingress_attributes" => {
                    self.add(json::configuration::version(run));
                    self.extend(json::configuration::ingress(run));
                }
                _ => {}
            }
        }
    }
}
