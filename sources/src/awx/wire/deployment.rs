//! Runs, with what the synchronisation of deployments needs of them.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Named, lenient_object, name, text};

/// A run of a template.
#[derive(Debug, Deserialize)]
pub(in crate::awx) struct DeploymentJob {
    pub(in crate::awx) id: Option<i32>,
    pub(in crate::awx) r#type: Option<String>,
    pub(in crate::awx) unified_job_template: Option<i32>,
    pub(in crate::awx) status: Option<String>,
    pub(in crate::awx) created: Option<DateTime<Utc>>,
    pub(in crate::awx) started: Option<DateTime<Utc>>,
    pub(in crate::awx) finished: Option<DateTime<Utc>>,
    scm_branch: Option<String>,
    job_slice_count: Option<i32>,
    #[serde(default, deserialize_with = "lenient_object")]
    launched_by: Option<Named>,
    #[serde(default, deserialize_with = "lenient_object")]
    summary_fields: Option<SummaryFields>,
}

#[derive(Debug, Deserialize)]
struct SummaryFields {
    organization: Option<Named>,
    inventory: Option<Named>,
    labels: Option<Labels>,
}

#[derive(Debug, Deserialize)]
struct Labels {
    #[serde(default)]
    results: Vec<Named>,
}

impl DeploymentJob {
    /// The name of the organization that its template belongs to.
    pub(in crate::awx) fn organization(&self) -> Option<&str> {
        self.summary_fields.as_ref()?.organization.as_ref()?.name.as_deref()
    }

    /// The name of the inventory that it ran against; a workflow has none.
    pub(in crate::awx) fn inventory(&self) -> Option<&str> {
        self.summary_fields.as_ref()?.inventory.as_ref()?.name.as_deref().filter(|name| !name.trim().is_empty())
    }

    /// The labels that it, or its template, bears.
    pub(in crate::awx) fn labels(&self) -> Vec<String> {
        let labels = self.summary_fields.as_ref().and_then(|fields| fields.labels.as_ref());
        labels.into_iter().flat_map(|labels| &labels.results).filter_map(|label| label.name.clone()).collect()
    }

    /// Who or what launched it.
    pub(in crate::awx) fn launcher(&mut self) -> Option<String> {
        name(self.launched_by.take())
    }

    /// The branch of its project, where it names one.
    pub(in crate::awx) fn branch(&mut self) -> Option<String> {
        text(self.scm_branch.take())
    }

    /// It is a slice of a run that was cut into several, which has a number of its own.
    pub(in crate::awx) fn is_slice(&self) -> bool {
        self.job_slice_count.is_some_and(|slices| slices > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_wherever_there_are_any() {
        let job = |fields: serde_json::Value| -> DeploymentJob {
            serde_json::from_value(serde_json::json!({ "summary_fields": fields })).unwrap()
        };
        let labelled = job(
            serde_json::json!({ "labels": { "count": 2, "results": [{ "id": 1, "name": "incident" }, { "id": 2 }] } }),
        );
        assert_eq!(labelled.labels(), ["incident"]);
        assert!(job(serde_json::json!({})).labels().is_empty());
        assert!(job(serde_json::json!({ "labels": { "count": 0 } })).labels().is_empty());
    }
}
