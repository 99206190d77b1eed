//! Workspaces: from JSON:API to the record.

use chrono::{DateTime, Utc};
use schema::{Json, TerraformOutput, TerraformWorkspaceRecord, WebUrl};
use url::Url;

use super::{
    key::is_id,
    run,
    wire::{Included, Resource},
};

/// Most outputs of a workspace that are kept.
const OUTPUTS_MAX: usize = 200;

/// The record of a workspace with what is beside it; none when it has no id or name.
pub(super) fn record(
    workspace: &Resource,
    included: &Included<'_>,
    organization: &str,
    base_url: &Url,
    now: DateTime<Utc>,
) -> Option<TerraformWorkspaceRecord> {
    let text = |name| workspace.text(name).map(str::to_owned);
    let name = text("name")?;
    Some(TerraformWorkspaceRecord {
        id: workspace.id().filter(|id| is_id(id))?.to_owned(),
        organization: organization.to_owned(),
        project: included.get(workspace.link("project")).and_then(|project| project.text("name")).map(str::to_owned),
        terraform_version: text("terraform-version"),
        execution_mode: text("execution-mode"),
        is_locked: workspace.flag("locked"),
        is_auto_apply: workspace.flag("auto-apply"),
        resource_count: workspace.count("resource-count"),
        latest_change_at: workspace.moment("latest-change-at").map(Into::into),
        current_run: included.get(workspace.link("current-run")).and_then(|it| run::record(it, included, now)),
        is_assessed: workspace.flag("assessments-enabled"),
        assessed_at: workspace.moment("last-assessment-result-at").map(Into::into),
        outputs: outputs(workspace, included),
        web_url: page(base_url, &[organization, "workspaces", &name]),
        name,
    })
}

/// The outputs by name; none when it does not say, or names some and shows none of them.
fn outputs(workspace: &Resource, included: &Included<'_>) -> Option<Vec<TerraformOutput>> {
    let links = workspace.links("outputs")?;
    let mut outputs: Vec<_> = links.iter().filter_map(|link| included.get(*link)).filter_map(output).collect();
    if outputs.is_empty() && !links.is_empty() {
        return None;
    }
    outputs.sort_by(|a, b| a.name.cmp(&b.name));
    outputs.truncate(OUTPUTS_MAX);
    Some(outputs)
}

fn output(output: &Resource) -> Option<TerraformOutput> {
    // What does not say that it may be shown is not shown.
    let is_sensitive = output.flag("sensitive") != Some(false);
    let value = output.value("value").filter(|_| !is_sensitive).cloned().map(Json);
    Some(TerraformOutput { name: output.text("name")?.to_owned(), is_sensitive, value })
}

/// A page of Terraform's user interface, made of our own address: what a payload links to is not trusted.
pub(super) fn page(base_url: &Url, path: &[&str]) -> Option<WebUrl> {
    let mut url = base_url.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push("app").extend(path);
    Some(WebUrl(url.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::terraform::wire::Document;

    fn read(body: Value) -> TerraformWorkspaceRecord {
        let document: Document<Resource> = serde_json::from_value(body).unwrap();
        let base_url = "https://terraform.example.com/below".parse().unwrap();
        record(&document.data, &document.included(), "acme", &base_url, DateTime::UNIX_EPOCH).unwrap()
    }

    fn with_outputs(outputs: &[(&str, Value)]) -> Value {
        let link = |(id, _): &(&str, Value)| json!({ "id": id, "type": "workspace-outputs" });
        let resource = |(id, attributes): &(&str, Value)| json!({ "id": id, "type": "workspace-outputs", "attributes": attributes });
        json!({
            "data": { "id": "ws-1", "type": "workspaces", "attributes": { "name": "web" },
                "relationships": { "outputs": { "data": outputs.iter().map(link).collect::<Vec<_>>() } } },
            "included": outputs.iter().map(resource).collect::<Vec<_>>(),
        })
    }

    #[test]
    fn a_sensitive_output_has_no_value_whatever_was_sent() {
        let record = read(with_outputs(&[
            ("wsout-2", json!({ "name": "password", "sensitive": true, "value": "hunter2" })),
            ("wsout-1", json!({ "name": "address", "sensitive": false, "value": { "host": "x" } })),
            ("wsout-3", json!({ "name": "unsaid", "value": "hunter2" })),
        ]));
        assert!(!serde_json::to_string(&record).unwrap().contains("hunter2"));
        let outputs = record.outputs.unwrap();
        let shown: Vec<_> = outputs.iter().map(|it| (it.name.as_str(), it.is_sensitive, it.value.is_some())).collect();
        assert_eq!(shown, [("address", false, true), ("password", true, false), ("unsaid", true, false)]);
    }

    #[test]
    fn outputs_are_empty_only_where_terraform_says_so() {
        assert_eq!(read(with_outputs(&[])).outputs, Some(Vec::new()));
        let mut body = with_outputs(&[("wsout-1", json!({ "name": "a", "sensitive": false }))]);
        body["included"] = json!([]);
        assert_eq!(read(body).outputs, None, "some are named and none is shown");
        assert_eq!(read(json!({ "data": { "id": "ws-1", "attributes": { "name": "web" } } })).outputs, None);
    }

    #[test]
    fn everything_may_be_null_and_of_another_type() {
        let record = read(json!({ "data": {
            "id": "ws-1", "type": "workspaces", "links": { "self-html": "https://evil.example.com" },
            "attributes": { "name": "web", "locked": "yes", "resource-count": -3, "latest-change-at": 5, "auto-apply": null },
            "relationships": { "current-run": [], "project": { "data": [1] }, "outputs": { "data": null } },
        }, "included": null, "meta": null }));
        assert_eq!((record.is_locked, record.resource_count, record.latest_change_at), (None, None, None));
        assert_eq!((record.current_run, record.project, record.outputs), (None, None, None));
        let page = record.web_url.unwrap().0;
        assert_eq!(page, "https://terraform.example.com/below/app/acme/workspaces/web");
    }

    #[test]
    fn more_outputs_than_are_kept_are_cut() {
        let attributes =
            |number: usize| json!({ "name": format!("o{number:03}"), "sensitive": false, "value": number });
        let ids: Vec<String> = (0..300).map(|number| format!("wsout-{number}")).collect();
        let all: Vec<_> = ids.iter().enumerate().map(|(number, id)| (id.as_str(), attributes(number))).collect();
        let outputs = read(with_outputs(&all)).outputs.unwrap();
        assert_eq!((outputs.len(), outputs.last().unwrap().name.as_str()), (200, "o199"));
    }
}
