//! Configuration versions, and the commit each came from.

use serde_json::{Value, json};

use super::{super::run::Run, stamps};

pub(in super::super) fn version(run: &Run<'_>) -> Value {
    let id = run.part("cv");
    let path = format!("/api/v2/configuration-versions/{id}");
    let origin = ingress(run).and_then(|ingress| ingress.get("id").cloned());
    json!({
        "id": id,
        "type": "configuration-versions",
        "attributes": {
            "auto-queue-runs": true,
            "error": null,
            "error-message": null,
            "provisional": false,
            "source": if origin.is_some() { "gitlab" } else { "tfe-api" },
            "speculative": run.operation == super::super::run::Operation::PlanOnly,
            "status": "uploaded",
            "status-timestamps": stamps([("uploaded-at", Some(run.created_at))]),
            "upload-url": null,
        },
        "relationships": {
            "ingress-attributes": {
                "data": origin.map(|id| json!({ "id": id, "type": "ingress-attributes" })),
                "links": { "related": format!("{path}/ingress-attributes") },
            },
        },
        "links": { "self": path, "download": format!("{path}/download") },
    })
}

/// The commit; `None` where configuration is uploaded.
pub(in super::super) fn ingress(run: &Run<'_>) -> Option<Value> {
    let repository = run.workspace.vcs_repo.as_ref()?;
    let url = format!("https://gitlab.example.com/{repository}");
    let (id, commit) = (run.part("ia"), run.commit());
    let is_pull_request = run.operation == super::super::run::Operation::PlanOnly;
    let mut attributes = json!({
        "branch": if is_pull_request { format!("change-{}", run.number) } else { "main".to_owned() },
        "clone-url": format!("{url}.git"),
        "commit-message": run.message(),
        "commit-sha": commit,
        "commit-url": format!("{url}/-/commit/{commit}"),
        "compare-url": format!("{url}/-/compare/main...{commit}"),
        "identifier": repository,
        "is-pull-request": is_pull_request,
        "on-default-branch": !is_pull_request,
        "sender-avatar-url": format!("https://gitlab.example.com/uploads/{}.png", run.user()),
        "sender-html-url": format!("https://gitlab.example.com/{}", run.user()),
        "sender-username": run.user(),
        "tag": null,
    });
    if let (true, Some(fields)) = (is_pull_request, attributes.as_object_mut()) {
        fields.insert("pull-request-number".to_owned(), json!(run.number));
        fields.insert("pull-request-title".to_owned(), json!(run.message()));
        fields.insert("pull-request-url".to_owned(), json!(format!("{url}/-/merge_requests/{}", run.number)));
    }
    Some(json!({
        "id": id,
        "type": "ingress-attributes",
        "attributes": attributes,
        "links": { "self": format!("/api/v2/ingress-attributes/{id}") },
    }))
}
