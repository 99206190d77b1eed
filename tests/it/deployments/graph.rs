//! Deployments as the graph shows them.

use std::collections::BTreeSet;

use it::{Answer, Statements, TestPlatform};
use schema::{DeploymentStatus, EnvironmentTier};
use serde_json::{Value, json};
use sources::ingest::{Applied, DeploymentEvent};

use super::{apply, apply_as, event, lease};

const API: &str = "component:default/payments-api";

fn staging(event: DeploymentEvent) -> DeploymentEvent {
    DeploymentEvent { environment: "staging".to_owned(), tier: EnvironmentTier::Staging, ..event }
}

fn failed(event: DeploymentEvent) -> DeploymentEvent {
    DeploymentEvent { status: DeploymentStatus::Failed, ..event }
}

/// Six deployments: two to staging, four to production, of which one failed and one is a rollback.
fn events() -> Vec<DeploymentEvent> {
    vec![
        staging(event(API, 1, 0, "a")),
        event(API, 2, 10, "a"),
        staging(event(API, 3, 20, "b")),
        event(API, 4, 30, "b"),
        failed(event(API, 5, 40, "c")),
        event(API, 6, 50, "a"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_tells_what_stands_where_and_how_it_came_there() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    apply(&platform, &lease, &events()).await;
    let query = r#"query($ref: EntityRef!) { component(ref: $ref) {
        environments { environment tier deployment { commitSha } latestAttempt { commitSha status } }
        deployments(first: 3) { totalCount pageInfo { hasNextPage endCursor } nodes {
            commitSha status isRollback isRework remedyReason durationSeconds component { name } ownerRef
            previous { commitSha } remediedBy { commitSha } source sourceName triggeredBy } }
        delivery(range: { from: "2026-03-01", to: "2026-03-10" }) {
            deploymentCount deploymentFrequencyPerDay changeLeadTimeSeconds changeFailRate
            failedDeploymentRecoverySeconds deploymentReworkRate
            sample { deployments changes failedDeployments recoveries reworkDeployments } } } }"#;
    let data = platform.client("engineer").data(query, json!({ "ref": API })).await;
    let component = &data["component"];
    assert_eq!(
        component["environments"],
        json!([
            { "environment": "production", "tier": "PRODUCTION", "deployment": { "commitSha": "a" },
              "latestAttempt": { "commitSha": "a", "status": "SUCCEEDED" } },
            { "environment": "staging", "tier": "STAGING", "deployment": { "commitSha": "b" },
              "latestAttempt": { "commitSha": "b", "status": "SUCCEEDED" } },
        ])
    );
    let list = &component["deployments"];
    assert_eq!((&list["totalCount"], &list["pageInfo"]["hasNextPage"]), (&json!(6), &json!(true)));
    let nodes = list["nodes"].as_array().unwrap();
    assert_eq!(nodes.iter().map(|node| &node["commitSha"]).collect::<Vec<_>>(), ["a", "c", "b"]);
    let (back, failed, bad) = (&nodes[0], &nodes[1], &nodes[2]);
    assert_eq!((&back["isRollback"], &back["isRework"]), (&json!(true), &json!(true)));
    assert_eq!(back["previous"]["commitSha"], "b");
    assert_eq!((&failed["remedyReason"], &failed["remediedBy"]["commitSha"]), (&json!("FAILED_ROLLOUT"), &json!("a")));
    assert_eq!((&bad["remedyReason"], &bad["remediedBy"]["commitSha"]), (&json!("ROLLBACK"), &json!("a")));
    assert_eq!((&back["component"]["name"], &back["durationSeconds"]), (&json!("payments-api"), &json!(60.0)));
    assert_eq!((&back["source"], &back["sourceName"]), (&json!("GITLAB"), &json!("gitlab")));
    // Of four that ended in production: three succeeded, two needed a remedy and had it, one was a rollback.
    assert_eq!(
        component["delivery"],
        json!({
            "deploymentCount": 3, "deploymentFrequencyPerDay": 0.3, "changeLeadTimeSeconds": 1860.0,
            "changeFailRate": 0.5, "failedDeploymentRecoverySeconds": 900.0, "deploymentReworkRate": 0.25,
            "sample": { "deployments": 4, "changes": 2, "failedDeployments": 2, "recoveries": 2, "reworkDeployments": 1 },
        })
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_says_what_it_says_and_pages_lead_through_everything() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    let other = "component:default/checkout-web";
    let version = Some("v1".to_owned());
    let mut all = events();
    all.push(DeploymentEvent { version, commit_sha: None, ..event(other, 7, 60, "") });
    apply(&platform, &lease, &all).await;
    let client = platform.client("engineer");
    let query = "query($f: DeploymentFilter) { deployments(filter: $f) { totalCount nodes { commitSha } } }";
    for (filter, count) in [
        (json!({}), 7),
        (json!({ "component": ["payments-api"] }), 6),
        (json!({ "component": ["payments-api", "checkout-web"] }), 7),
        (json!({ "component": [] }), 0),
        (json!({ "environment": ["production"] }), 5),
        (json!({ "environment": ["production", "staging"], "status": ["FAILED"] }), 1),
        (json!({ "tier": ["STAGING"] }), 2),
        (json!({ "tier": ["STAGING", "PRODUCTION"], "component": ["payments-api"] }), 6),
        (json!({ "status": ["FAILED", "RUNNING"] }), 1),
        (json!({ "source": ["GITLAB"] }), 7),
        (json!({ "source": ["AWX", "TERRAFORM"] }), 0),
        (json!({ "version": ["v1"] }), 1),
        (json!({ "commitSha": ["a"] }), 3),
        (json!({ "isRollback": true }), 1),
        (json!({ "isRollback": false }), 6),
        (json!({ "startedAfter": "2026-03-02T12:30:00Z" }), 4),
        (json!({ "startedAfter": "2026-03-02T12:30:00Z", "startedBefore": "2026-03-02T12:50:00Z" }), 2),
    ] {
        let data = client.data(query, json!({ "f": filter })).await;
        assert_eq!(data["deployments"]["totalCount"], count, "{filter}");
        assert_eq!(data["deployments"]["nodes"].as_array().unwrap().len(), count, "{filter}");
    }
    let owner = client.data("{ component(ref: \"payments-api\") { ownerRef } }", json!({})).await;
    let owner = owner["component"]["ownerRef"].as_str().unwrap().to_owned();
    let data = client.data(query, json!({ "f": { "owner": [owner, "group:default/nobody"] } })).await;
    assert_eq!(data["deployments"]["totalCount"], 6);

    let page = "query($first: Int, $after: String, $last: Int, $before: String) { \
        deployments(first: $first, after: $after, last: $last, before: $before) { \
        nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let ids = |data: &Value| -> Vec<String> {
        let nodes = data["deployments"]["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
    };
    let whole = ids(&client.data(page, json!({ "first": 100 })).await);
    let (mut forward, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = client.data(page, json!({ "first": 2, "after": after })).await;
        forward.extend(ids(&data));
        let info = &data["deployments"]["pageInfo"];
        after = info["endCursor"].clone();
        if info["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(forward, whole);
    let (mut backward, mut before) = (Vec::new(), Value::Null);
    loop {
        let data = client.data(page, json!({ "last": 3, "before": before })).await;
        let mut rows = ids(&data);
        rows.append(&mut backward);
        backward = rows;
        let info = &data["deployments"]["pageInfo"];
        before = info["startCursor"].clone();
        if info["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!(backward, whole);
    let answer = client.send(page, json!({ "first": 1, "after": "bm9uc2Vuc2U" })).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");

    for id in [&whole[0], &whole[6]] {
        let data = client
            .data("query($id: ID!) { deployment(id: $id) { id } node(id: $id) { id __typename } }", json!({ "id": id }))
            .await;
        assert_eq!((&data["deployment"]["id"], &data["node"]["__typename"]), (&json!(id), &json!("Deployment")));
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deployments_are_seen_by_whom_their_component_is_seen_and_by_nobody_without_the_scope() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    let admin = platform.client("admin");
    let hidden = admin
        .data(
            "{ components(first: 100, filter: { annotations: [{ key: \"weft.dev/visibility\", value: \"team\" }] }) { nodes { ref } } }",
            json!({}),
        )
        .await;
    let engineer = platform.client("engineer");
    let all = "query($f: DeploymentFilter) { deployments(filter: $f) { totalCount nodes { id componentRef } } }";
    let hidden: Vec<String> = hidden["components"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["ref"].as_str().unwrap().to_owned())
        .collect();
    assert!(!hidden.is_empty());
    let events: Vec<DeploymentEvent> =
        (1_i64..).zip(&hidden).map(|(number, component)| event(component, number, number, "a")).collect();
    apply(&platform, &lease, &events).await;
    apply(&platform, &lease, &[event(API, 1_000, 500, "a")]).await;
    let seen = |data: &Value| -> BTreeSet<String> {
        let nodes = data["deployments"]["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node["componentRef"].as_str().unwrap().to_owned()).collect()
    };
    let whole = admin.data(all, json!({})).await;
    assert_eq!(seen(&whole).len(), hidden.len() + 1);
    let own = engineer.data("{ components(first: 100, filter: { annotations: [{ key: \"weft.dev/visibility\", value: \"team\" }] }) { nodes { ref } } }", json!({})).await;
    let own = own["components"]["nodes"].as_array().unwrap().len();
    assert!(own < hidden.len(), "the engineer sees every hidden component");
    let some = engineer.data(all, json!({})).await;
    assert_eq!(some["deployments"]["totalCount"], own + 1);
    for node in whole["deployments"]["nodes"].as_array().unwrap() {
        let is_seen = seen(&some).contains(node["componentRef"].as_str().unwrap());
        let by_id = engineer.data("query($id: ID!) { deployment(id: $id) { id } }", json!({ "id": node["id"] })).await;
        assert_eq!(by_id["deployment"].is_null(), !is_seen);
    }
    assert_eq!(platform.client("other_tenant_engineer").data(all, json!({})).await["deployments"]["totalCount"], 0);
    let only_deployments = platform.client_with(Some(token_with(&platform, "deployments:read")));
    let around =
        only_deployments.send("{ deployments(first: 1) { nodes { environment component { name } } } }", json!({}));
    let around = around.await;
    assert_eq!(around.code(), "FORBIDDEN", "{}", around.text);
    for (query, field) in [
        ("{ deployments { totalCount } }", "deployments"),
        ("{ component(ref: \"payments-api\") { environments { environment } } }", "environments"),
    ] {
        let answer = platform.client_with(Some(token_with(&platform, "catalog:read"))).send(query, json!({})).await;
        assert_eq!(answer.code(), "FORBIDDEN", "{field}: {}", answer.text);
    }
    platform.stop().await;
}

/// A token with this scope and no other.
fn token_with(platform: &TestPlatform, scope: &str) -> String {
    let role = TestPlatform::role("engineer");
    let claims = simulator::issuer::Claims { scopes: vec![scope.to_owned()], ..demo::platform::claims(&role) };
    platform.simulator().issuer().token(&claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_all_of_it_costs_six_statements_more_whatever_its_size() {
    let statements = Statements::count();
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    let client = platform.client("engineer");
    let refs = client.data("{ components(first: 100) { nodes { ref } } }", json!({})).await;
    let refs: Vec<String> = refs["components"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["ref"].as_str().unwrap().to_owned())
        .collect();
    let mut all = Vec::new();
    for (component, number) in refs.iter().zip(0_i64..) {
        for turn in 0..7 {
            all.push(event(component, number * 10 + turn, number + turn * 100, &turn.to_string()));
        }
    }
    apply(&platform, &lease, &all).await;
    let plain = "query($first: Int) { components(first: $first) { nodes { ref title } } }";
    let full = "query($first: Int) { components(first: $first) { nodes { ref title \
        environments { environment deployment { commitSha } latestAttempt { status } } \
        deployments(first: 5) { totalCount nodes { commitSha isRollback component { name } previous { id } } } \
        delivery(range: { from: \"2026-03-01\", to: \"2026-03-31\" }) { deploymentCount changeLeadTimeSeconds } } } }";
    for first in [5, 50, 100] {
        statements.take();
        client.data(plain, json!({ "first": first })).await;
        let without = statements.take().len();
        let data = client.data(full, json!({ "first": first })).await;
        let with = statements.take();
        assert!(with.len() <= without + 6, "{} statements and not {without} for {first}: {with:#?}", with.len());
        assert_eq!(data["components"]["nodes"][0]["deployments"]["nodes"].as_array().unwrap().len(), 5);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_deployment_of_the_same_name_is_another() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    apply(&platform, &lease, &[event(API, 1, 0, "a")]).await;
    let tenant = TestPlatform::role("other_tenant_engineer").tenant;
    let applied = apply_as(&platform, tenant, &lease, &[event(API, 1, 0, "a")]).await;
    assert!(matches!(applied, Applied::Done(report) if report.created == 1));
    let query = "{ deployments { totalCount nodes { id } } }";
    let one = Answer::of(platform.client("engineer").post().json(&json!({ "query": query }))).await.json();
    let other = platform.client("other_tenant_engineer").data(query, json!({})).await;
    assert_eq!(
        (&one["data"]["deployments"]["totalCount"], &other["deployments"]["totalCount"]),
        (&json!(1), &json!(1))
    );
    assert_ne!(one["data"]["deployments"]["nodes"], other["deployments"]["nodes"]);
    let id = &one["data"]["deployments"]["nodes"][0]["id"];
    let foreign = platform.client("other_tenant_engineer");
    let by_id = foreign.data("query($id: ID!) { deployment(id: $id) { id } }", json!({ "id": id })).await;
    assert_eq!(by_id["deployment"], Value::Null);
    platform.stop().await;
}
