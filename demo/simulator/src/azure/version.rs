//! The `api-version` that every ARM path needs.

use axum::response::Response;

use super::{error::bad_request, params::Params};

const SUBSCRIPTIONS: [&str; 5] = ["2022-12-01", "2022-09-01", "2021-01-01", "2020-01-01", "2016-06-01"];
const RESOURCES: [&str; 9] = [
    "2025-04-01",
    "2025-03-01",
    "2024-11-01",
    "2024-07-01",
    "2024-03-01",
    "2022-09-01",
    "2021-04-01",
    "2020-06-01",
    "2019-10-01",
];
const ALERTS: [&str; 4] = ["2024-01-01-preview", "2023-07-12-preview", "2019-05-05-preview", "2019-03-01"];
const COST_MANAGEMENT: [&str; 4] = ["2025-03-01", "2024-08-01", "2023-11-01", "2023-08-01"];
const GRAPH: [&str; 5] = ["2024-04-01", "2022-10-01", "2021-03-01", "2020-04-01-preview", "2019-04-01"];

/// Whose versions count.
#[derive(Clone, Copy)]
pub(super) enum Provider {
    Subscriptions,
    Resources,
    Alerts,
    Graph,
    CostManagement,
}

impl Provider {
    fn supported(self) -> &'static [&'static str] {
        match self {
            Self::Subscriptions => &SUBSCRIPTIONS,
            Self::Resources => &RESOURCES,
            Self::Alerts => &ALERTS,
            Self::Graph => &GRAPH,
            Self::CostManagement => &COST_MANAGEMENT,
        }
    }

    /// The namespace and type of a resource provider; ARM answers for its own types in other words.
    fn names(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Subscriptions | Self::Resources => None,
            Self::Alerts => Some(("Microsoft.AlertsManagement", "alerts")),
            Self::Graph => Some(("Microsoft.ResourceGraph", "resources")),
            Self::CostManagement => Some(("Microsoft.CostManagement", "query")),
        }
    }
}

/// Refuses a call without a version, or with one that `provider` does not have.
pub(super) fn check(params: &Params, provider: Option<Provider>) -> Result<(), Box<Response>> {
    let Some(version) = params.get("api-version") else {
        let message = "The api-version query parameter (?api-version=) is required for all requests.";
        return Err(Box::new(bad_request("MissingApiVersionParameter", message)));
    };
    let Some(provider) = provider else { return Ok(()) };
    if provider.supported().iter().any(|known| known.eq_ignore_ascii_case(version)) {
        return Ok(());
    }
    let list = provider.supported().join(",");
    Err(Box::new(match provider.names() {
        None => {
            let message = format!("The api-version '{version}' is invalid. The supported versions are '{list}'.");
            bad_request("InvalidApiVersionParameter", &message)
        }
        Some((namespace, kind)) => {
            let message = format!(
                "The resource type '{kind}' could not be found in the namespace '{namespace}' for api version \
                 '{version}'. The supported api-versions are '{list}'."
            );
            bad_request("InvalidResourceType", &message)
        }
    }))
}
