//! Changes of the catalog through the graph: stored, audited, and refused where they must be.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use it::{Client, TestPlatform};
use serde_json::{Value, json};
use sources::Clock;
use tokio::sync::Semaphore;

const CATALOG: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: from-afar\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n";
const REGISTER: &str = "mutation($input: RegisterLocationInput!) { registerLocation(input: $input) {
    location { ref targets type lastReadAt } userErrors { field message code } } }";

/// A web server with one catalog file, and a redirect to it.
async fn server() -> String {
    let router = Router::new()
        .route("/catalog-info.yaml", get(|| async { CATALOG }))
        .route("/moved.yaml", get(|| async { axum::response::Redirect::temporary("/catalog-info.yaml") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// Asks until the answer satisfies.
async fn until(client: &Client, query: &str, is_right: impl Fn(&Value) -> bool) -> Value {
    let right = async || Some(client.data(query, json!({})).await).filter(&is_right);
    it::until(query, right).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_location_is_read_refreshed_and_forgotten() {
    let server = server().await;
    let platform = TestPlatform::start_with(&[
        ("WEFT_CATALOG__ALLOWED_HOSTS", &json!([server]).to_string()),
        ("WEFT_CATALOG__ALLOW_PRIVATE_ADDRESSES", "true"),
    ])
    .await;
    let client = platform.client("admin");
    let target = format!("http://{server}/catalog-info.yaml");
    let data = client.data(REGISTER, json!({ "input": { "target": target } })).await;
    let payload = &data["registerLocation"];
    assert_eq!(payload["userErrors"], json!([]));
    assert_eq!(payload["location"]["targets"], json!([target]));
    let location = payload["location"]["ref"].as_str().unwrap().to_owned();
    let again = client.data(REGISTER, json!({ "input": { "target": target } })).await;
    assert_eq!(again["registerLocation"]["userErrors"][0]["code"], "CONFLICT");

    let found = "{ component(ref: \"from-afar\") { ref isOrphan owner { ... on Team { ref } } } }";
    until(&client, found, |data| data["component"]["owner"]["ref"] == "group:default/payments").await;
    let declared = format!(
        "{{ entity(ref: \"{location}\") {{ ... on Location {{ lastReadAt entities {{ nodes {{ ref }} }} }} }} }}"
    );
    let data = until(&client, &declared, |data| !data["entity"]["lastReadAt"].is_null()).await;
    assert_eq!(data["entity"]["entities"]["nodes"], json!([{ "ref": "component:default/from-afar" }]));

    // What is removed comes back, because the location still declares it.
    let remove = "mutation { removeEntity(input: { ref: \"component:default/from-afar\" }) { entity { ref } userErrors { code } } }";
    let data = client.data(remove, json!({})).await;
    assert_eq!(data["removeEntity"], json!({ "entity": { "ref": "component:default/from-afar" }, "userErrors": [] }));
    let refresh =
        "mutation($ref: EntityRef!) { refreshEntity(input: { ref: $ref }) { entity { ref } userErrors { code } } }";
    let data = client.data(refresh, json!({ "ref": location })).await;
    assert_eq!(data["refreshEntity"]["userErrors"], json!([]));
    until(&client, found, |data| !data["component"].is_null()).await;

    let unregister = "mutation($ref: EntityRef!) { unregisterLocation(input: { ref: $ref }) { location { ref } userErrors { code } } }";
    let data = client.data(unregister, json!({ "ref": location })).await;
    assert_eq!(data["unregisterLocation"]["userErrors"], json!([]));
    let data = client.data(found, json!({})).await;
    assert_eq!(data["component"]["isOrphan"], true);
    let data = client.data(&declared, json!({})).await;
    assert_eq!(data["entity"], Value::Null);

    let log = client.data("{ auditLog(first: 100) { nodes { action target decision errorCode hash previousHash documentHash requestId } } }", json!({})).await;
    let records = log["auditLog"]["nodes"].as_array().unwrap();
    for action in
        ["registerLocation", "removeEntity", "refreshEntity", "unregisterLocation", "auditLog", "import.catalog"]
    {
        assert!(
            records.iter().any(|record| record["action"] == action && record["decision"] == "ALLOWED"),
            "{action} left no record"
        );
    }
    assert!(records.iter().any(|record| record["action"] == "registerLocation" && record["errorCode"] == "CONFLICT"));
    for pair in records.windows(2) {
        assert_eq!(pair[0]["previousHash"], pair[1]["hash"], "the chain is broken");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_fetched_but_from_allowed_hosts_and_redirects_lead_nowhere() {
    let server = server().await;
    let platform = TestPlatform::start_with(&[
        ("WEFT_CATALOG__ALLOWED_HOSTS", &json!([server]).to_string()),
        ("WEFT_CATALOG__ALLOW_PRIVATE_ADDRESSES", "true"),
    ])
    .await;
    let client = platform.client("admin");
    for target in [
        "https://evil.test/catalog-info.yaml",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "not an address",
        "http://user:secret@127.0.0.1/x",
    ] {
        let data = client.data(REGISTER, json!({ "input": { "target": target } })).await;
        assert_eq!(data["registerLocation"]["userErrors"][0]["code"], "INVALID", "{target}");
        assert_eq!(data["registerLocation"]["location"], Value::Null);
    }
    let data = client.data(REGISTER, json!({ "input": { "type": "FILE", "target": "/etc/passwd" } })).await;
    assert_eq!(data["registerLocation"]["userErrors"][0]["code"], "INVALID");

    let target = format!("http://{server}/moved.yaml");
    let data = client.data(REGISTER, json!({ "input": { "target": target } })).await;
    let location = data["registerLocation"]["location"]["ref"].as_str().unwrap().to_owned();
    let query = format!(
        "{{ entity(ref: \"{location}\") {{ processingErrors {{ message }} ... on Location {{ lastReadAt }} }} }}"
    );
    let is_told = |data: &Value| data["entity"]["processingErrors"].as_array().is_some_and(|errors| !errors.is_empty());
    let data = until(&client, &query, is_told).await;
    assert!(data["entity"]["processingErrors"][0]["message"].as_str().unwrap().contains("307"), "{data}");
    assert_eq!(data["entity"]["lastReadAt"], Value::Null);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_needs_its_scope_and_the_refusal_is_audited() {
    let platform = TestPlatform::start().await;
    let engineer = platform.client("engineer");
    let remove = "mutation { removeEntity(input: { ref: \"component:default/payments-api\" }) { entity { ref } } }";
    let answer = engineer.query(remove, json!({})).await;
    assert_eq!(answer["data"], json!({ "removeEntity": null }));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let answer = engineer.query("{ auditLog { nodes { action } } viewer { subject } }", json!({})).await;
    assert_eq!(answer["data"]["auditLog"], Value::Null);
    assert!(answer["data"]["viewer"]["subject"].is_string(), "a refused field spoiled its sibling");
    let log = "{ auditLog(filter: { decision: DENIED }) { totalCount nodes { action subject errorCode target } } }";
    let data = platform.client("admin").data(log, json!({})).await;
    let actions: Vec<&str> =
        data["auditLog"]["nodes"].as_array().unwrap().iter().filter_map(|record| record["action"].as_str()).collect();
    assert_eq!(actions, ["auditLog", "removeEntity"]);
    let still = engineer.data("{ component(ref: \"payments-api\") { ref } }", json!({})).await;
    assert!(still["component"].is_object());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_cannot_be_stored_is_refused_and_audited_all_the_same() {
    let platform = TestPlatform::start_empty(&[]).await;
    let input = json!({ "input": { "target": "https://git.example.com/a\u{0}b\nc" } });
    let admin = platform.client("admin");
    let data = admin.data(REGISTER, input.clone()).await;
    assert_eq!(data["registerLocation"]["userErrors"][0]["code"], "INVALID", "{data:#}");
    let answer = platform.client("engineer").query(REGISTER, input).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let log = "{ auditLog(filter: { action: \"registerLocation\" }) { nodes { target errorCode } } }";
    let target = "https://git.example.com/a\u{fffd}b\u{fffd}c";
    let expected =
        json!([{ "target": target, "errorCode": "FORBIDDEN" }, { "target": target, "errorCode": "INVALID" }]);
    assert_eq!(admin.data(log, json!({})).await["auditLog"]["nodes"], expected);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_during_a_reading_counts_although_the_clock_of_the_replica_is_ahead() {
    let (read, may_end) = (Arc::new(AtomicU64::new(0)), Arc::new(Semaphore::new(0)));
    let handler = {
        let (read, may_end) = (Arc::clone(&read), Arc::clone(&may_end));
        move || async move {
            read.fetch_add(1, Ordering::Relaxed);
            may_end.acquire().await.unwrap().forget();
            CATALOG
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, Router::new().route("/a.yaml", get(handler))).into_future());
    let ahead = Clock::of(|| Clock::system().now() + chrono::TimeDelta::hours(1));
    let allowed_hosts = json!([server]).to_string();
    let settings =
        [("WEFT_CATALOG__ALLOWED_HOSTS", allowed_hosts.as_str()), ("WEFT_CATALOG__ALLOW_PRIVATE_ADDRESSES", "true")];
    let platform = TestPlatform::start_at(&settings, ahead).await;
    let admin = platform.client("admin");
    let input = json!({ "input": { "target": format!("http://{server}/a.yaml") } });
    let location = admin.data(REGISTER, input).await["registerLocation"]["location"]["ref"].clone();
    let reach = async |count: u64| {
        let started = Instant::now();
        while read.load(Ordering::Relaxed) < count {
            assert!(started.elapsed() < Duration::from_secs(120), "it is not read for the {count}. time");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    reach(1).await;
    let refresh = "mutation($ref: EntityRef!) { refreshEntity(input: { ref: $ref }) { userErrors { code } } }";
    let data = admin.data(refresh, json!({ "ref": location })).await;
    assert_eq!(data["refreshEntity"]["userErrors"], json!([]));
    may_end.add_permits(2);
    reach(2).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locations_that_do_not_answer_hold_up_no_other_tenant() {
    let router = Router::new()
        .route("/silent/{name}", get(std::future::pending::<&str>))
        .route("/catalog-info.yaml", get(|| async { CATALOG }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, router).into_future());
    let allowed_hosts = json!([server]).to_string();
    let platform = TestPlatform::start_empty(&[
        ("WEFT_CATALOG__ALLOWED_HOSTS", allowed_hosts.as_str()),
        ("WEFT_CATALOG__ALLOW_PRIVATE_ADDRESSES", "true"),
        ("WEFT_CATALOG__FETCH_TIMEOUT", "60s"),
    ])
    .await;
    let admin = platform.client("admin");
    for number in 0..6 {
        let input = json!({ "input": { "target": format!("http://{server}/silent/{number}") } });
        assert_eq!(admin.data(REGISTER, input).await["registerLocation"]["userErrors"], json!([]));
    }
    let mut claims = demo::platform::claims(&TestPlatform::role("other_tenant_engineer"));
    claims.scopes.push("catalog:write".to_owned());
    let other = platform.client_with(Some(platform.simulator().issuer().token(&claims)));
    let input = json!({ "input": { "target": format!("http://{server}/catalog-info.yaml") } });
    assert_eq!(other.data(REGISTER, input).await["registerLocation"]["userErrors"], json!([]));
    let found = "{ component(ref: \"from-afar\") { ref } }";
    until(&other, found, |data| data["component"]["ref"] == "component:default/from-afar").await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_audit_records_by_id_is_recorded_once_for_each_request() {
    let platform = TestPlatform::start_empty(&[]).await;
    let admin = platform.client("admin");
    let log = "{ auditLog { nodes { id action operationName } } }";
    for _ in 0..2 {
        admin.data(log, json!({})).await;
    }
    let ids: Vec<Value> = admin.data(log, json!({})).await["auditLog"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["id"].clone())
        .collect();
    assert_eq!(ids.len(), 3);
    let nodes = "query ById($ids: [ID!]!) { nodes(ids: $ids) { ... on AuditRecord { action } } }";
    let data = admin.data(nodes, json!({ "ids": ids })).await;
    assert_eq!(data["nodes"], json!([{ "action": "auditLog" }, { "action": "auditLog" }, { "action": "auditLog" }]));
    let data = admin.data(log, json!({})).await;
    let by_id = |record: &&Value| record["operationName"] == "ById" && record["action"] == "auditLog";
    assert_eq!(data["auditLog"]["nodes"].as_array().unwrap().iter().filter(by_id).count(), 1, "{data:#}");
    // Who may not read the log is told nothing, as of any other id.
    let engineer = platform.client("engineer").data(nodes, json!({ "ids": ids })).await;
    assert_eq!(engineer["nodes"], json!([null, null, null]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mutations_of_one_operation_run_in_order_and_see_each_other() {
    let platform = TestPlatform::start().await;
    let client = platform.client("admin");
    let twice = "mutation {
        one: removeEntity(input: { ref: \"component:default/lunch-menu\" }) { entity { ref } userErrors { code } }
        two: removeEntity(input: { ref: \"component:default/lunch-menu\" }) { entity { ref } userErrors { code } } }";
    let data = client.data(twice, json!({})).await;
    assert_eq!(data["one"], json!({ "entity": { "ref": "component:default/lunch-menu" }, "userErrors": [] }));
    assert_eq!(data["two"], json!({ "entity": null, "userErrors": [{ "code": "NOT_FOUND" }] }));
    let loaded = client
        .data(
            "mutation { refreshEntity(input: { ref: \"component:default/payments-api\" }) { userErrors { code } } }",
            json!({}),
        )
        .await;
    assert_eq!(loaded["refreshEntity"]["userErrors"][0]["code"], "READ_ONLY");
    platform.stop().await;
}
