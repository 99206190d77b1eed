//! What a page has from each upstream: fields that do not move by themselves, so that answers can be compared.

use serde_json::{Value, json};
use simulator::Upstream;

use crate::{client::Shot, operation::graphql};

/// The fields of one upstream below a component.
pub(crate) struct Part {
    pub(crate) upstream: Upstream,
    /// Its name in errors.
    pub(crate) source: &'static str,
    /// The keys of its fields in an answer.
    pub(crate) keys: &'static [&'static str],
    fields: &'static str,
}

/// All upstreams.
pub(crate) const PARTS: [Part; 5] = [
    Part { upstream: Upstream::Gitlab, source: "gitlab", keys: &["repository"], fields: "repository { path webUrl }" },
    Part {
        upstream: Upstream::Openshift,
        source: "openshift",
        keys: &["workloads"],
        fields: "workloads(first: 5) { nodes { kind name } }",
    },
    Part {
        upstream: Upstream::Awx,
        source: "awx",
        keys: &["automationTemplates", "automationJobs"],
        fields: "automationTemplates { name kind } automationJobs(first: 1) { pageInfo { hasPreviousPage } }",
    },
    Part {
        upstream: Upstream::Terraform,
        source: "terraform",
        keys: &["workspaces"],
        fields: "workspaces { name organization }",
    },
    Part {
        upstream: Upstream::Azure,
        source: "azure",
        keys: &["cloudResources"],
        fields: "cloudResources(first: 50) { nodes { name type } }",
    },
];

/// A page of so many components with the fields of these parts; of Postgres alone without any.
pub(crate) fn page<'a>(parts: impl IntoIterator<Item = &'a Part>, first: usize) -> Shot {
    let fields: Vec<&str> = parts.into_iter().map(|part| part.fields).collect();
    let document = format!(
        "query Stitched($first: Int!) {{ components(first: $first) {{ nodes {{ ref {} }} }} }}",
        fields.join(" ")
    );
    graphql(&document, &json!({ "first": first }))
}

/// The components of an answer.
pub(crate) fn nodes(answer: &Value) -> &[Value] {
    answer.pointer("/data/components/nodes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
