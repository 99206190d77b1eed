//! Subscribers that ask the same: what changes is executed once for all of them.

use it::{EventStream, Statements, TestPlatform};
use serde_json::json;

use super::{Estate, WATCH, up_to_date};

/// Subscribers of one operation.
const SUBSCRIBERS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_executed_once_for_all_who_ask_the_same() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let mut streams = Vec::new();
    for _ in 0..SUBSCRIBERS {
        streams.push(EventStream::open(&engineer, WATCH, json!({ "filter": { "kind": ["component"] } })).await);
    }
    up_to_date(platform.app(), SUBSCRIBERS).await;
    let estate = Estate::new("groups");
    let count = |statements: &[String]| statements.iter().filter(|name| name.contains("entities_by_refs")).count();
    let statements = Statements::count();
    for title in ["a", "b"] {
        estate.declare("a", &format!("  title: {title}\n"), "payments");
        estate.import(&platform).await;
        let mut payloads = Vec::new();
        for stream in &mut streams {
            payloads.push(stream.event().await.unwrap());
        }
        payloads.dedup();
        assert_eq!(payloads.len(), 1, "not all got the same");
    }
    let read = statements.take();
    assert_eq!(count(&read), 2, "{read:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_of_one_import_are_loaded_together() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut events = EventStream::open(&platform.client("engineer"), WATCH, json!({})).await;
    let estate = Estate::new("together");
    for number in 0..80 {
        estate.declare(&format!("c-{number}"), "", "payments");
    }
    let statements = Statements::count();
    estate.import(&platform).await;
    for _ in 0..80 {
        assert_eq!(events.next("entityChanged").await["kind"], "CREATED");
    }
    let read = statements.take();
    let loads = read.iter().filter(|name| name.contains("entities_by_refs")).count();
    // The group may begin while the rest is still given to it.
    assert!((1..=8).contains(&loads), "{read:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_by_a_variable_makes_another_group() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let query = "subscription($full: Boolean!) { entityChanged { ... on EntityChange { ref entity @include(if: $full) { name } } } }";
    let mut brief = EventStream::open(&engineer, query, json!({ "full": false })).await;
    let mut full = EventStream::open(&engineer, query, json!({ "full": true })).await;
    let estate = Estate::new("conditions");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    assert_eq!(brief.next("entityChanged").await, json!({ "ref": "component:default/a" }));
    assert_eq!(full.next("entityChanged").await, json!({ "ref": "component:default/a", "entity": { "name": "a" } }));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_import_is_no_gap_for_whoever_reads_on() {
    const CHANGES: usize = 400;
    let settings = [("WEFT_LIVE__BUFFER", "64"), ("WEFT_LIVE__BATCH", "16")];
    let platform = TestPlatform::start_empty(&settings).await;
    let engineer = platform.client("engineer");
    let query = "subscription { entityChanged { __typename ... on EntityChange { cursor ref } } }";
    let mut events = EventStream::open(&engineer, query, json!({})).await;
    let estate = Estate::new("large");
    for number in 0..CHANGES {
        estate.declare(&format!("c-{number}"), "", "payments");
    }
    estate.import(&platform).await;
    let mut refs = std::collections::BTreeSet::new();
    while refs.len() < CHANGES {
        let event = events.next("entityChanged").await;
        assert_eq!(event["__typename"], "EntityChange", "after {} events: {event}", refs.len());
        assert!(refs.insert(event["ref"].to_string()), "{event} came twice");
    }
    platform.stop().await;
}
