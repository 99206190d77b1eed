//! Section 6 of the specification, where the engine alone falls short: what is selected twice runs once, what was left out
//! leaves room for defaults, and conditions are obeyed everywhere.

use it::{Statements, TestPlatform};
use serde_json::{Value, json};
use simulator::{Fault, Upstream};

#[tokio::test(flavor = "multi_thread")]
async fn a_field_selected_twice_runs_once() {
    let statements = Statements::count();
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let one = "{ component(ref: \"payments-api\") { name title } }";
    let twice = "{ component(ref: \"payments-api\") { name } ...f component(ref: \"payments-api\") { ...g } }
                 fragment f on Query { ... { component(ref: \"payments-api\") { title } } } fragment g on Component { name }";
    statements.take();
    let expected = client.data(one, json!({})).await;
    let of_one = statements.take();
    assert_eq!(client.data(twice, json!({})).await, expected);
    assert_eq!(statements.take().len(), of_one.len());
    assert!(!of_one.is_empty());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_selected_twice_changes_once() {
    let platform = TestPlatform::start().await;
    let admin = platform.client("admin");
    let audited = || async {
        let log = "{ auditLog(first: 100, filter: { action: \"refreshEntity\" }) { totalCount } }";
        admin.data(log, json!({})).await["auditLog"]["totalCount"].as_i64().unwrap()
    };
    let before = audited().await;
    let field = |selection: &str| {
        format!("refreshEntity(input: {{ ref: \"component:default/payments-api\" }}) {{ {selection} }}")
    };
    let query = format!("mutation {{ {} {} }}", field("entity { ref }"), field("entity { kind } userErrors { code }"));
    let data = admin.data(&query, json!({})).await;
    // The estate comes from files, which no mutation may touch; the attempt is audited all the same.
    assert_eq!(data["refreshEntity"], json!({ "entity": null, "userErrors": [{ "code": "READ_ONLY" }] }));
    assert_eq!(audited().await, before + 1);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn halves_of_a_selection_are_one_with_one_error() {
    let platform = TestPlatform::start().await;
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 500 });
    let query = "{ component(ref: \"payments-api\") { repository { path } } component(ref: \"payments-api\") { repository { webUrl } ref } }";
    let answer = platform.client("engineer").query(query, json!({})).await;
    assert_eq!(answer["data"]["component"], json!({ "repository": null, "ref": "component:default/payments-api" }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["component", "repository"]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_out_leaves_room_for_the_default() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "query ($n: Int, $t: [String!], $k: [String!]) { team(ref: \"payments\") {
        owns(first: $n, filter: { type: $t, kind: $k }) { nodes { ref } } } }";
    let count = |data: Value| data["team"]["owns"]["nodes"].as_array().unwrap().len();
    // Twenty is the default; a filter without a key filters nothing by it.
    assert_eq!(count(client.data(query, json!({})).await), 20);
    assert_eq!(count(client.data(query, json!({ "n": 3 })).await), 3);
    assert_eq!(count(client.data(query, json!({ "k": ["nothing"] })).await), 0);
    let order = "query ($d: OrderDirection! = DESC, $e: OrderDirection) {
        a: components(first: 1, orderBy: { field: NAME, direction: $d }) { nodes { name } }
        b: components(first: 1, orderBy: { field: NAME }) { nodes { name } } x: viewer { subject @include(if: true) } }";
    let broken = client.send(order, json!({})).await;
    assert_eq!(broken.code(), "GRAPHQL_VALIDATION_FAILED", "an unused variable: {}", broken.text);
    let data = client.data(&order.replace(", $e: OrderDirection", ""), json!({})).await;
    assert_ne!(data["a"], data["b"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_obeyed_wherever_they_stand() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "query ($yes: Boolean!, $no: Boolean!) {
        __typename @skip(if: $yes)
        viewer @include(if: $yes) { subject @skip(if: $yes) tenant @include(if: $yes) @skip(if: $no) ...f @skip(if: $yes) }
        ... @include(if: $no) { sources { name } }
        ... on Query @skip(if: $no) { v: viewer { __typename } } }
        fragment f on Viewer { teams { name } }";
    let data = client.data(query, json!({ "yes": true, "no": false })).await;
    assert_eq!(data, json!({ "viewer": { "tenant": "default" }, "v": { "__typename": "Viewer" } }));
    // The same document, the other way round: nothing of the first is remembered.
    let data = client.data(query, json!({ "yes": false, "no": true })).await;
    assert_eq!(data.as_object().unwrap().keys().collect::<Vec<_>>(), ["__typename", "sources"]);
    // Everything left out of an object leaves an object.
    let data = client
        .data("{ components(first: 1) { nodes { ref @skip(if: true) } edges { cursor @skip(if: true) } } }", json!({}))
        .await;
    assert_eq!(data["components"], json!({ "nodes": [{}], "edges": [{}] }));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_over_its_cost_is_refused_with_the_figure_and_costs_are_told_when_asked() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "query ($n: Int) { components(first: $n) { nodes { relations(first: 100) { nodes { type } } } } }";
    let answer = client.send(query, json!({ "n": 100 })).await;
    assert_eq!(answer.code(), "QUERY_TOO_COMPLEX");
    assert!(answer.text.contains("10201 points"), "1 + 100 × (1 + 1 + 100) - … : {}", answer.text);
    let request = json!({ "query": query, "variables": { "n": 2 } });
    let told = it::Answer::of(client.post().header("X-Query-Cost", "true").json(&request)).await.json();
    assert_eq!(told["extensions"]["cost"]["requested"], json!(205), "{told}");
    assert!(client.query(query, json!({ "n": 2 })).await.get("extensions").is_none());
    platform.stop().await;
}
