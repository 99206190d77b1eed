//! Subgraphs published through the graph itself, by administrators.

use it::{TestPlatform, until};
use serde_json::{Value, json};

use super::{
    served,
    service::{SDL, Service},
};

const PUBLISH: &str = "mutation Publish($input: PublishSubgraphInput!) { publishSubgraph(input: $input) {
    version changed diagnostics { subgraph place message } userErrors { field message code } } }";
const REMOVE: &str = "mutation Remove($name: String!) { removeSubgraph(name: $name) {
    version changed diagnostics { message } userErrors { code } } }";
const RECORDS: &str =
    "{ auditLog(first: 20) { nodes { action target subject decision errorCode operationName requestId } } }";

/// Services of tests are on this machine.
const LOOPBACK: (&str, &str) = ("WEFT_FEDERATION__LOOPBACK", "true");

fn input(url: &str, sdl: &str) -> Value {
    json!({ "input": { "name": "incidents", "url": url, "sdl": sdl, "owner": "payments" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_publishes_and_removes_as_the_commands_do() {
    let (platform, service) = (TestPlatform::start_with(&[LOOPBACK]).await, Service::start().await);
    let admin = platform.client("admin");
    let what = input(&service.url(), SDL);
    let mut tried = what.clone();
    tried["input"]["dryRun"] = true.into();
    let nothing = json!({ "version": null, "changed": false, "diagnostics": [], "userErrors": [] });
    assert_eq!(admin.data(PUBLISH, tried).await["publishSubgraph"], nothing, "only tried");
    assert!(platform.database().subgraphs().await.unwrap().subgraphs.is_empty());

    let published = admin.data(PUBLISH, what.clone()).await["publishSubgraph"].clone();
    let version = published["version"].as_i64().unwrap();
    assert_eq!(published, json!({ "version": version, "changed": true, "diagnostics": [], "userErrors": [] }));
    served(platform.app(), version).await;
    let query = "{ components(first: 3) { nodes { name health } } }";
    let data = platform.client("engineer").data(query, json!({})).await;
    assert!(data["components"]["nodes"][0]["health"].is_string(), "{data}");

    let again = admin.data(PUBLISH, what).await["publishSubgraph"].clone();
    assert_eq!(again, json!({ "version": version, "changed": false, "diagnostics": [], "userErrors": [] }));
    let listed = "{ subgraphs { name url version ownerRef owner { ... on Team { name } } publishedBy publishedAt } }";
    let listed = admin.data(listed, json!({})).await["subgraphs"].clone();
    let subject = TestPlatform::role("admin").subject;
    let at = listed[0]["publishedAt"].clone();
    assert!(at.is_string(), "{listed}");
    assert_eq!(
        listed,
        json!([{ "name": "incidents", "url": service.url(), "version": version, "ownerRef": "group:default/payments",
            "owner": { "name": "payments" }, "publishedBy": subject, "publishedAt": at }])
    );

    let removed = admin.data(REMOVE, json!({ "name": "incidents" })).await["removeSubgraph"].clone();
    assert_eq!(removed["changed"], true, "{removed}");
    assert!(removed["version"].as_i64().unwrap() > version);
    until("the graph is our own", async || platform.app().federation.current().is_none().then_some(())).await;
    let none = admin.data(REMOVE, json!({ "name": "incidents" })).await["removeSubgraph"].clone();
    assert_eq!(none["changed"], false, "{none}");

    let records = admin.data(RECORDS, json!({})).await["auditLog"]["nodes"].clone();
    for (action, operation) in [("subgraph.publish", "Publish"), ("subgraph.remove", "Remove")] {
        let of_action = |record: &&Value| record["action"] == action;
        let of_action: Vec<&Value> = records.as_array().unwrap().iter().filter(of_action).collect();
        let [record] = of_action[..] else { panic!("one change, one record of {action}: {records}") };
        assert!(record["target"].as_str().unwrap().starts_with("subgraph incidents, supergraph version"), "{record}");
        assert_eq!((&record["subject"], &record["decision"]), (&json!(subject), &json!("ALLOWED")));
        assert_eq!(record["operationName"], operation);
        assert!(record["requestId"].is_string(), "{record}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_answered_with_every_reason_audited_and_changes_nothing() {
    let (platform, service) = super::with_incidents(&[LOOPBACK]).await;
    let admin = platform.client("admin");
    let version = platform.database().subgraphs().await.unwrap().version;
    let bad = "type Query { a: Int @magic b: Int @defer }";
    for what in [input(&service.url(), bad), input("http://example.com", SDL), input("http://localhost.:8080", bad)] {
        let answer = admin.query(PUBLISH, what).await;
        assert!(answer["errors"].is_null(), "a refusal is an answer: {answer}");
        let payload = &answer["data"]["publishSubgraph"];
        assert_eq!((&payload["version"], &payload["changed"]), (&Value::Null, &json!(false)));
        let reasons = payload["diagnostics"].as_array().unwrap();
        assert!(!reasons.is_empty() && reasons.iter().all(|reason| reason["subgraph"] == "incidents"), "{payload}");
        let user_errors = payload["userErrors"].as_array().unwrap();
        assert_eq!(user_errors.len(), reasons.len());
        assert!(user_errors.iter().all(|error| error["code"] == "INVALID"), "{payload}");
    }
    let told = admin.data(PUBLISH, input(&service.url(), bad)).await["publishSubgraph"]["diagnostics"].clone();
    let places: Vec<&Value> = told.as_array().unwrap().iter().map(|reason| &reason["place"]).collect();
    assert_eq!(places, ["Query.a", "Query.b"], "{told}");
    assert_eq!(platform.database().subgraphs().await.unwrap().version, version);
    let records = admin.data(RECORDS, json!({})).await["auditLog"]["nodes"].clone();
    let refused = records.as_array().unwrap().iter().filter(|record| record["errorCode"] == "INVALID");
    assert_eq!(refused.count(), 4, "{records}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_and_the_attempt_is_audited() {
    let (platform, service) = (TestPlatform::start().await, Service::start().await);
    let engineer = platform.client("engineer");
    for (field, query, variables) in [
        ("publishSubgraph", PUBLISH, input(&service.url(), SDL)),
        ("removeSubgraph", REMOVE, json!({ "name": "incidents" })),
        ("subgraphs", "{ subgraphs { name } }", json!({})),
    ] {
        let answer = engineer.query(query, variables).await;
        assert_eq!(answer["data"][field], Value::Null, "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
    assert!(platform.database().subgraphs().await.unwrap().subgraphs.is_empty());
    let records = platform.client("admin").data(RECORDS, json!({})).await["auditLog"]["nodes"].clone();
    for action in ["subgraph.publish", "subgraph.remove", "subgraphs"] {
        let is_denied = |record: &Value| record["action"] == action && record["errorCode"] == "FORBIDDEN";
        assert!(records.as_array().unwrap().iter().any(is_denied), "{action}: {records}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_of_other_tenants_do_not_change_the_graph_of_all() {
    let platform = TestPlatform::start_with(&[("WEFT_CATALOG__DEFAULT_TENANT", "somebody-else")]).await;
    let service = Service::start().await;
    let admin = platform.client("admin");
    for (query, variables) in [
        (PUBLISH, input(&service.url(), SDL)),
        (REMOVE, json!({ "name": "incidents" })),
        ("{ subgraphs { name } }", json!({})),
    ] {
        let answer = admin.query(query, variables).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{answer}");
        assert!(error["message"].as_str().unwrap().contains("somebody-else"), "{answer}");
    }
    assert!(platform.database().subgraphs().await.unwrap().subgraphs.is_empty());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_listens_on_this_machine_is_not_for_whoever_only_has_a_token() {
    let (platform, service) = (TestPlatform::start().await, Service::start().await);
    let port = service.url().rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "127.1", "localhost", "a.LOCALHOST.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let what = input(&format!("http://{host}:{port}"), SDL);
        let payload = platform.client("admin").data(PUBLISH, what).await["publishSubgraph"].clone();
        assert_eq!((&payload["version"], &payload["changed"]), (&Value::Null, &json!(false)), "{host}");
        assert!(!payload["diagnostics"].as_array().unwrap().is_empty(), "{host}: {payload}");
    }
    assert!(platform.database().subgraphs().await.unwrap().subgraphs.is_empty());
    platform.stop().await;
}
