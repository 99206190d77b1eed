//! Assessment results.

use serde_json::{Value, json};

use super::{super::assessment::Assessment, instant, reference};

pub(in super::super) fn show(result: &Assessment<'_>) -> Value {
    let id = result.id();
    let path = format!("/api/v2/assessment-results/{id}");
    let has_succeeded = result.has_succeeded;
    let error = (!has_succeeded).then_some("Error: Failed to query the provider: credentials have expired");
    let known = |count: u64| has_succeeded.then_some(count);
    let resources = u64::from(result.workspace.resources);
    json!({
        "id": id,
        "type": "assessment-results",
        "attributes": {
            "succeeded": has_succeeded,
            "drifted": result.resources_drifted > 0,
            "resources-drifted": known(result.resources_drifted),
            "resources-undrifted": known(resources.saturating_sub(result.resources_drifted)),
            "all-checks-succeeded": has_succeeded && result.checks.failed == 0 && result.checks.errored == 0,
            "checks-passed": known(result.checks.passed),
            "checks-failed": known(result.checks.failed),
            "checks-errored": known(result.checks.errored),
            "checks-unknown": known(0),
            "created-at": instant(result.created_at),
            // The specification has the one name, the documentation's sample the other.
            "error-message": error,
            "error-msg": error,
        },
        "relationships": { "workspace": { "data": reference("workspaces", result.workspace.id()) } },
        "links": {
            "self": path,
            "json-output": format!("{path}/json-output"),
            "json-schema": format!("{path}/json-schema"),
            "log-output": format!("{path}/log-output"),
        },
    })
}
