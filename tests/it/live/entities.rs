//! Changes of entities: what comes, in which order, and what it says.

use it::{EventStream, Socket, TestPlatform};
use serde_json::json;

use super::{Estate, WATCH, up_to_date};

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_comes_once_over_each_transport() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let mut events = EventStream::open(&engineer, WATCH, json!({})).await;
    let mut socket = Socket::of(&platform.url(), &platform.token("engineer")).await;
    socket.subscribe("1", WATCH, json!({})).await;
    // Another operation is answered on the way.
    socket.subscribe("2", "{ viewer { subject } }", json!({})).await;
    let answered = socket.hear().await.unwrap();
    assert_eq!((&answered["id"], &answered["type"]), (&json!("2"), &json!("next")), "{answered}");
    assert_eq!(socket.hear().await, Ok(json!({ "id": "2", "type": "complete" })));

    up_to_date(platform.app(), 2).await;
    let estate = Estate::new("once");
    let mut told = Vec::new();
    for (metadata, kind, fields, title) in [
        ("", "CREATED", json!([]), json!(null)),
        ("  title: One\n", "UPDATED", json!(["metadata.title"]), json!("One")),
        ("  title: Two\n", "UPDATED", json!(["metadata.title"]), json!("Two")),
    ] {
        estate.declare("a", metadata, "payments");
        estate.import(&platform).await;
        let event = events.next("entityChanged").await;
        assert_eq!(event["kind"], kind, "{event}");
        assert_eq!(event["changedFields"], fields);
        assert_eq!(event["ref"], "component:default/a");
        assert_eq!(event["entity"], json!({ "title": title, "ownerRef": "group:default/payments" }));
        assert_eq!(event, socket.next("1", "entityChanged").await);
        told.push(event["cursor"].as_str().unwrap().to_owned());
    }
    let remove = "mutation { removeEntity(input: { ref: \"component:default/a\" }) { userErrors { code } } }";
    platform.client("admin").data(remove, json!({})).await;
    let event = events.next("entityChanged").await;
    assert_eq!((&event["kind"], &event["entity"]), (&json!("DELETED"), &json!(null)));
    assert_eq!(event, socket.next("1", "entityChanged").await);
    told.push(event["cursor"].as_str().unwrap().to_owned());
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 4, "a cursor came twice");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_into_a_filter_is_created_and_what_leaves_it_is_deleted() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let filter = json!({ "filter": { "tags": ["live"], "not": { "name": ["b"] } } });
    let mut events = EventStream::open(&engineer, WATCH, filter).await;
    let estate = Estate::new("filter");
    let mut expect = async |name: &str, metadata: &str, kind: Option<&str>| {
        estate.declare(name, metadata, "payments");
        estate.import(&platform).await;
        let Some(kind) = kind else { return };
        let event = events.next("entityChanged").await;
        assert_eq!(
            (event["kind"].as_str(), event["ref"].as_str()),
            (Some(kind), Some(&*format!("component:default/{name}")))
        );
        if kind != "UPDATED" {
            assert_eq!(event["changedFields"], json!([]));
        }
    };
    expect("a", "", None).await;
    expect("b", "  tags: [live]\n", None).await;
    expect("a", "  tags: [live, other]\n", Some("CREATED")).await;
    expect("a", "  title: T\n  tags: [live]\n", Some("UPDATED")).await;
    expect("a", "  title: T\n", Some("DELETED")).await;
    expect("a", "  title: U\n", None).await;
    expect("c", "  tags: [live]\n", Some("CREATED")).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_all_there_is_and_what_follows_are_changes() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let estate = Estate::new("snapshot");
    // More than a page.
    for number in 0..130 {
        estate.declare(&format!("c-{number}"), "", "payments");
    }
    estate.import(&platform).await;
    let mut events = EventStream::open(&engineer, WATCH, json!({ "snapshot": true })).await;
    let mut refs = Vec::new();
    let end = loop {
        let event = events.next("entityChanged").await;
        if event["__typename"] == "SnapshotEnd" {
            break event;
        }
        assert_eq!(event["kind"], "SNAPSHOT");
        refs.push(event);
    };
    assert_eq!((refs.len(), &end["count"]), (130, &json!(130)));
    estate.declare("c-7", "  title: T\n", "payments");
    estate.import(&platform).await;
    let event = events.next("entityChanged").await;
    assert_eq!((&event["kind"], &event["entity"]["title"]), (&json!("UPDATED"), &json!("T")));
    // Cut off in the middle of a snapshot, a client gets the rest of it.
    let after = refs[99]["cursor"].clone();
    let mut rest = EventStream::open(&engineer, WATCH, json!({ "after": after })).await;
    for expected in &refs[100..] {
        assert_eq!(rest.next("entityChanged").await["ref"], expected["ref"]);
    }
    assert_eq!(rest.next("entityChanged").await["__typename"], "SnapshotEnd");
    let again = rest.next("entityChanged").await;
    assert_eq!((&again["kind"], &again["entity"]), (&event["kind"], &event["entity"]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_comes_and_its_course_is_followed() {
    let platform = TestPlatform::start().await;
    let lease = crate::deployments::lease(platform.database()).await;
    let query = "subscription($after: String) { deploymentChanged(filter: { component: [\"component:default/payments-api\"] }, after: $after) {
        ... on DeploymentChange { cursor kind changedFields deployment { commitSha component { ref } } } } }";
    let mut events = EventStream::open(&platform.client("engineer"), query, json!({})).await;
    for (component, sha) in [("component:default/search-api", "other"), ("component:default/payments-api", "sha-1")] {
        let event = crate::deployments::event(component, 9_100_000, 380_000, sha);
        crate::deployments::apply(&platform, &lease, &[event]).await;
    }
    let event = events.next("deploymentChanged").await;
    assert_eq!(
        event["deployment"],
        json!({ "commitSha": "sha-1", "component": { "ref": "component:default/payments-api" } })
    );
    platform.stop().await;
}
