//! One node of a workflow job.

use serde_json::{Value, json};

use super::{
    super::{
        node::{Node, node_id},
        row::{Cell, Row, Scope},
        run::Run,
    },
    below, instant, merged, present, summary, template,
};

impl<'w> Row<'w> for Node<'w> {
    fn noun(&self) -> &'static str {
        "workflow_job_node"
    }

    fn cell(&self, _scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        Some(match field {
            "id" => self.id().into(),
            "job" => self.job.as_ref().map(|job| job.id).into(),
            "workflow_job" => self.workflow.id.into(),
            "unified_job_template" => self.source.template.into(),
            "do_not_run" => self.is_passed_over.into(),
            _ => return None,
        })
    }

    fn related(&self, scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        (field == "unified_job_template").then_some(())?;
        Some(Box::new(scope.world.entries.get(&self.source.template)?))
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let (url, workflow) = (scope.url("workflow_job_nodes", self.id()), self.workflow);
        let entry = scope.world.entries.get(&self.source.template);
        let own = present(json!({
            "unified_job_template": entry.map(|entry| template::url(scope, entry)),
            "job": self.job.as_ref().map(|job| scope.url("jobs", job.id)),
            "workflow_job": scope.url("workflow_jobs", workflow.id),
        }));
        let lists = ["labels", "instance_groups", "success_nodes", "failure_nodes", "always_nodes", "credentials"];
        let summaries = present(json!({
            "job": self.job.as_ref().map(|job| summary::job(scope, job)),
            "unified_job_template": entry.map(summary::unified_template),
            "workflow_job": { "id": workflow.id, "name": workflow.entry.template.name, "description": workflow.entry.template.description },
        }));
        let next = (!self.is_last).then(|| node_id(workflow.id, self.index + 1));
        json!({
            "id": self.id(),
            "type": "workflow_job_node",
            "url": url,
            "related": merged(own, below(&url, &lists)),
            "summary_fields": summaries,
            "created": instant(workflow.created()),
            "modified": instant(self.job.as_ref().map_or_else(|| workflow.created(), Run::created)),
            "extra_data": {},
            "inventory": null,
            "scm_branch": null,
            "job_type": null,
            "job_tags": null,
            "skip_tags": null,
            "limit": null,
            "diff_mode": null,
            "verbosity": null,
            "execution_environment": null,
            "forks": null,
            "job_slice_count": null,
            "timeout": null,
            "job": self.job.as_ref().map(|job| job.id),
            "workflow_job": workflow.id,
            "unified_job_template": self.source.template,
            "success_nodes": next.into_iter().collect::<Vec<_>>(),
            "failure_nodes": [],
            "always_nodes": [],
            "all_parents_must_converge": false,
            "do_not_run": self.is_passed_over,
            "identifier": format!("step-{}", self.index + 1),
        })
    }
}
