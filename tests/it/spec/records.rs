//! Lists written by a plan answer byte for byte what the engine answers: random operations, both ways, faults included.

use it::{Answer, Client, TestPlatform};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use simulator::{Fault, Upstream};
use sqlx::{Connection, PgConnection};

/// How many operations are compared.
const CASES: usize = 250;

fn leaf() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "__typename",
        "id",
        "ref",
        "kind",
        "namespace",
        "name",
        "title",
        "description",
        "labels",
        "annotations",
        "tags",
        "links { url title type }",
        "spec",
        "ownerRef",
        "isOrphan",
        "createdAt",
        "updatedAt",
        "processingErrors { message }",
        "a: name",
        "b: id",
        "relations(first: 2) { nodes { type targetRef } totalCount }",
        "history(first: 1) { nodes { kind } }",
    ])
    .prop_map(str::to_owned)
}

fn own() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "... on Component { c: type lifecycle systemRef }",
        "... on Component { repository { path latestPipeline { __typename } } }",
        "... on Component { system { name domain { name } } }",
        "... on Component { s: system { ref z: type owner { __typename ... on Team { name } } } }",
        "... on Component { dependsOn(first: 2) { nodes { ref } edges { cursor node { name } } } }",
        "... on Team { t: type email parent { name } children(first: 2) { totalCount nodes { name } } }",
        "... on User { displayName email memberOf(first: 1) { nodes { ref } } }",
        "... on System { z: type domainRef components(first: 1) { nodes { name } } }",
        "... on Location { l: type targets }",
        "... on Api { c: type l2: lifecycle system { ref } }",
        "... on Node { id }",
        "... on Resource { c: type title systemRef }",
    ])
    .prop_map(str::to_owned)
}

fn owner() -> impl Strategy<Value = String> {
    prop::collection::vec(leaf(), 1..4).prop_map(|fields| {
        let fields = fields.join(" ");
        format!("owner {{ __typename ... on Team {{ {fields} t: type }} ... on User {{ {fields} displayName }} }}")
    })
}

fn selection() -> impl Strategy<Value = String> {
    let part = prop_oneof![4 => leaf(), 3 => own(), 2 => owner()];
    // The same key twice with two selections of a list is merged; with other arguments it would not be valid.
    prop::collection::vec(part, 1..7).prop_map(|parts| parts.join(" "))
}

fn operation() -> impl Strategy<Value = String> {
    let root = prop::sample::select(vec![
        "entities(first: 12, filter: { ref: REFS })",
        "entities(first: 30, orderBy: { field: UPDATED_AT })",
        "entities(first: 20, filter: { kind: [\"group\", \"user\", \"system\"] })",
        "entities(last: 7, search: \"pay\")",
    ]);
    let one = prop::sample::select(vec![
        "component(ref: \"payments-api\")",
        "team(ref: \"payments\")",
        "entity(ref: \"component:default/payments-api\")",
        "entity(ref: \"group:default/payments\")",
        "entity(ref: \"user:default/mira\")",
        "entity(ref: \"component:default/no-such\")",
    ]);
    let single = (one, selection(), leaf()).prop_map(|(root, fields, more)| match root.starts_with("entity") {
        true => format!("{{ {root} {{ {fields} }} }}"),
        // Fragments of other types are refused where the type is known.
        false => format!("{{ {root} {{ {more} x: name {more} }} }}"),
    });
    let list = (root, selection(), selection(), any::<bool>(), any::<bool>()).prop_map(
        |(root, nodes, edges, has_edges, has_count)| {
            let refs =
                "[\"component:default/payments-api\", \"group:default/payments\", \"component:default/no-such\"]";
            let edges =
                if has_edges { format!("edges {{ cursor e: __typename node {{ {edges} }} }}") } else { String::new() };
            let count = if has_count { "totalCount pageInfo { hasNextPage endCursor startCursor }" } else { "" };
            format!("{{ {} {{ nodes {{ {nodes} }} {edges} {count} }} }}", root.replace("REFS", refs))
        },
    );
    prop_oneof![3 => list, 1 => single]
}

/// The answer without what differs from request to request; errors in the order of their paths, which no rule fixes.
async fn told(client: &Client, query: &str, variables: Value) -> (String, Vec<String>) {
    let answer: Answer = client.send(query, variables).await;
    let mut body = answer.json();
    let mut errors: Vec<String> = Vec::new();
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        error["extensions"].as_object_mut().unwrap().remove("requestId");
        errors.push(error.to_string());
    }
    errors.sort();
    (body["data"].to_string(), errors)
}

/// Two platforms over copies of one database, so that ids, moments and cursors are the same: one that writes by plans, and one that leaves
/// all to the engine.
async fn both() -> [TestPlatform; 2] {
    let everything = ("WEFT_LIMITS__COST_MAX", "1000000");
    let planned = TestPlatform::start_with(&[everything]).await;
    [planned, TestPlatform::start_with(&[everything, ("WEFT_SERVER__RECORD_WRITER", "false")]).await]
}

async fn compare(fault: Option<Fault>) {
    let [planned, engine] = both().await;
    for platform in [&planned, &engine] {
        if let Some(fault) = &fault {
            platform.simulator().faults(Upstream::Gitlab).always(fault.clone());
        }
    }
    let clients = [planned.client("engineer"), engine.client("engineer")];
    let mut runner = TestRunner::deterministic();
    let operations = operation();
    let (mut with_errors, mut compared) = (0, 0);
    for _ in 0..CASES {
        let query = operations.new_tree(&mut runner).unwrap().current();
        let (ours, theirs) = tokio::join!(told(&clients[0], &query, json!({})), told(&clients[1], &query, json!({})));
        assert_eq!(ours, theirs, "{query}");
        assert_ne!(ours.0, "null", "{query}: {:?}", ours.1);
        with_errors += usize::from(!ours.1.is_empty());
        compared += 1;
    }
    assert_eq!(compared, CASES);
    println!("{compared} operations compared, {with_errors} of them with errors");
    engine.stop().await;
    planned.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_operations_are_answered_alike() {
    compare(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_operations_fail_alike() {
    compare(Some(Fault::Status { code: 500 })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_by_its_reference_is_answered_alike_however_it_is_asked() {
    let [planned, engine] = both().await;
    let by_variable = "query($r: EntityRef!) { component(ref: $r) { ref name } }";
    let asked = [
        (by_variable, json!({ "r": "payments-api" })),
        (by_variable, json!({ "r": "Component:Default/Payments-API" })),
        (by_variable, json!({ "r": "group:default/payments" })),
        (by_variable, json!({ "r": "component:default/no-such" })),
        (by_variable, json!({ "r": "a b" })),
        (by_variable, json!({ "r": 5 })),
        (by_variable, json!({ "r": null })),
        (by_variable, json!({})),
        ("query($r: EntityRef! = \"payments-api\") { component(ref: $r) { title } }", json!({})),
        ("query($s: Boolean!) { component(ref: \"payments-api\") { name @skip(if: $s) ref } }", json!({ "s": true })),
        ("query($s: Boolean!) { component(ref: \"payments-api\") @skip(if: $s) { ref } }", json!({ "s": true })),
        (
            "{ x: component(ref: \"payments-api\") { __typename id k: kind ... on Component { type } ...F } } fragment F on Entity { labels }",
            json!({}),
        ),
        ("{ component(ref: \"\") { ref } }", json!({})),
        ("{ component(ref: \"payments-api\") { ref } team(ref: \"payments\") { ref } }", json!({})),
        ("{ team(ref: \"payments\") { ref email createdAt } }", json!({})),
        ("{ team(ref: \"component:default/payments-api\") { ref } }", json!({})),
        ("{ component(ref: \"payments-api\") { ref } __schema { queryType { name } } }", json!({})),
    ];
    // One without any scope, too.
    let callers = |platform: &TestPlatform| {
        let mut claims = demo::platform::claims(&TestPlatform::role("engineer"));
        claims.scopes.clear();
        let without = platform.client_with(Some(platform.simulator().issuer().token(&claims)));
        [without, platform.client("engineer"), platform.client("finops"), platform.client("other_tenant_engineer")]
    };
    for (number, (ours, theirs)) in callers(&planned).iter().zip(&callers(&engine)).enumerate() {
        for (query, variables) in &asked {
            let (ours, theirs) =
                tokio::join!(told(ours, query, variables.clone()), told(theirs, query, variables.clone()));
            assert_eq!(ours, theirs, "caller {number}: {query} {variables}");
        }
    }
    let [without, engineer, ..] = callers(&planned);
    let (_, errors) = told(&without, "{ component(ref: \"payments-api\") { ref } }", json!({})).await;
    assert!(errors.len() == 1 && errors[0].contains("FORBIDDEN"), "{errors:?}");
    // What cannot be read is told alike.
    for platform in [&planned, &engine] {
        let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
        sqlx::query("alter table entity rename to entity_away").execute(&mut connection).await.unwrap();
    }
    let query = "{ x: component(ref: \"billing-api\") { ref } }";
    let [_, by_engine, ..] = callers(&engine);
    let (ours, theirs) = tokio::join!(told(&engineer, query, json!({})), told(&by_engine, query, json!({})));
    assert_eq!(ours, theirs);
    assert!(ours.0 == "{\"x\":null}" && ours.1.len() == 1, "{ours:?}");
    engine.stop().await;
    planned.stop().await;
}
