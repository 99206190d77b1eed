//! Fields that are read live: which they are, and what their values depend on besides the caches.

use std::fmt::Write;

use async_graphql::{
    Variables,
    parser::types::{Field, Selection, SelectionSet},
};
use async_graphql_value::Value;

/// Fields of entities that start from annotations and read upstreams through caches, and nothing else.
const LIVE: [&str; 6] =
    ["automationJobs", "automationTemplates", "cloudResources", "repository", "workloads", "workspaces"];

/// Fields below them that do no more than that. Not here: whatever asks the catalog, or an upstream past the caches.
const BELOW: [&str; 74] = [
    "__typename",
    "available",
    "changedAt",
    "cluster",
    "commitSha",
    "containers",
    "createdAt",
    "currentRun",
    "cursor",
    "defaultBranch",
    "description",
    "desired",
    "durationSeconds",
    "edges",
    "endCursor",
    "environment",
    "executionMode",
    "explanation",
    "failedHostCount",
    "finishedAt",
    "hasNextPage",
    "hasPreviousPage",
    "hostCount",
    "id",
    "image",
    "inventory",
    "isArchived",
    "isAutoApply",
    "isLocked",
    "kind",
    "languages",
    "lastActivityAt",
    "latestChangeAt",
    "latestPipeline",
    "launchType",
    "launchedBy",
    "location",
    "name",
    "namespace",
    "nextRunAt",
    "node",
    "nodes",
    "number",
    "openMergeRequestCount",
    "organization",
    "pageInfo",
    "path",
    "playbook",
    "project",
    "provisioningState",
    "ready",
    "ref",
    "replicas",
    "resourceCount",
    "resourceGroup",
    "resourceId",
    "revision",
    "rollout",
    "share",
    "sku",
    "startCursor",
    "startedAt",
    "status",
    "subscriptionId",
    "tags",
    "terraformVersion",
    "topics",
    "totalCount",
    "trigger",
    "type",
    "updated",
    "upstreamStatus",
    "visibility",
    "webUrl",
];

/// Whether a field of an entity is read live.
pub fn is_live(field: &str) -> bool {
    LIVE.binary_search(&field).is_ok()
}

/// Writes everything of a live field that its value depends on: its name, its arguments with the values of their variables, and what
/// is selected below. None when it holds something of which that is not known.
pub fn write_form(field: &Field, variables: &Variables, out: &mut Vec<u8>) -> Option<()> {
    if !field.directives.is_empty() {
        return None;
    }
    text(&field.name.node, out);
    for (name, value) in &field.arguments {
        out.push(b'(');
        text(&name.node, out);
        let mut written = String::new();
        match &value.node {
            Value::Variable(name) => match variables.get(name) {
                Some(value) => write!(written, "{value}").ok()?,
                None => out.push(b'?'),
            },
            value => write!(written, "{}", value.clone().into_const()?).ok()?,
        }
        text(&written, out);
    }
    write_set(&field.selection_set.node, variables, out)
}

fn write_set(set: &SelectionSet, variables: &Variables, out: &mut Vec<u8>) -> Option<()> {
    out.push(b'{');
    for item in &set.items {
        let Selection::Field(field) = &item.node else { return None };
        let field = &field.node;
        BELOW.binary_search(&field.name.node.as_str()).ok()?;
        text(&field.response_key().node, out);
        write_form(field, variables, out)?;
    }
    out.push(b'}');
    Some(())
}

/// A text, and where it ends.
fn text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&text.len().to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn form(text: &str, variables: serde_json::Value) -> Option<Vec<u8>> {
        let document = parse_query(format!("query($n: Int, $e: String) {{ {text} }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else { panic!("a field") };
        let mut out = Vec::new();
        write_form(&field.node, &Variables::from_json(variables), &mut out).map(|()| out)
    }

    #[test]
    fn the_tables_can_be_searched() {
        assert!(LIVE.is_sorted() && BELOW.is_sorted());
    }

    #[test]
    fn forms_differ_in_everything_that_values_depend_on() {
        let none = serde_json::json!({});
        let forms = [
            ("workloads { nodes { name } }", none.clone()),
            ("workloads { nodes { n: name } }", none.clone()),
            ("workloads { nodes { name kind } }", none.clone()),
            ("workloads(first: 5) { nodes { name } }", none.clone()),
            ("workloads(first: $n) { nodes { name } }", none.clone()),
            ("workloads(first: $n) { nodes { name } }", serde_json::json!({ "n": 6 })),
            ("workloads(first: $n) { nodes { name } }", serde_json::json!({ "n": null })),
            ("workloads(environment: $e) { nodes { name } }", serde_json::json!({ "e": "6" })),
            ("workspaces { name }", none.clone()),
        ];
        let forms: Vec<_> = forms.into_iter().map(|(text, variables)| form(text, variables).unwrap()).collect();
        for (at, one) in forms.iter().enumerate() {
            assert!(forms.iter().skip(at + 1).all(|other| other != one), "{}", String::from_utf8_lossy(one));
        }
        let five = form("workloads(first: $n) { nodes { name } }", serde_json::json!({ "n": 5 }));
        assert_eq!(five, form("workloads(first: 5) { nodes { name } }", none));
    }

    #[test]
    fn what_is_not_known_has_no_form() {
        for text in [
            "workloads @skip(if: false) { nodes { name } }",
            "workloads { ... on WorkloadConnection { nodes { name } } }",
            "workloads { nodes { aFieldOfTomorrow } }",
            "cloudResources(type: [$e]) { nodes { name } }",
        ] {
            assert_eq!(form(text, serde_json::json!({ "e": "x" })), None, "{text}");
        }
    }
}
