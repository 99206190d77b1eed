//! Gaps: what cannot be sent is told, with its beginning and its end.

use it::{EventStream, TestPlatform};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use super::{Estate, WATCH};

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_is_too_old_is_told_as_a_gap_and_the_stream_goes_on() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let mut events = EventStream::open(&engineer, WATCH, json!({})).await;
    let estate = Estate::new("expired");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    let old = events.event().await.unwrap().id.unwrap();
    estate.declare("b", "", "payments");
    estate.import(&platform).await;
    events.event().await.unwrap();
    // As the worker that drops old days leaves it.
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let dropped = "update change_log_state set (dropped_transaction_id, dropped_position, dropped_when) =
        (select transaction_id, position, pg_current_snapshot() from change_log order by transaction_id desc, position desc limit 1)";
    sqlx::query(dropped).execute(&mut connection).await.unwrap();
    let mut late = EventStream::open(&engineer, WATCH, json!({ "after": old })).await;
    let gap = late.next("entityChanged").await;
    assert_eq!((&gap["__typename"], &gap["reason"]), (&json!("Gap"), &json!("CURSOR_EXPIRED")));
    assert_eq!(gap["fromCursor"], json!(old));
    estate.declare("c", "", "payments");
    estate.import(&platform).await;
    assert_eq!(late.next("entityChanged").await["ref"], "component:default/c");
    let mut on = EventStream::open(&engineer, WATCH, json!({ "after": gap["toCursor"] })).await;
    assert_eq!(on.next("entityChanged").await["ref"], "component:default/c");
    platform.stop().await;
}

/// Changes of one import.
const BATCH: usize = 8;
/// Imports: together more than the network and the buffer hold.
const ROUNDS: usize = 60;
/// What waits for a subscriber: fewer than the components of the one test, more than those of the other.
const BUFFER: &str = "16";
const COMPONENTS: usize = 24;

/// Little waits for a subscriber, and nobody is cut off because it does not read.
fn patient() -> [(&'static str, &'static str); 2] {
    [("WEFT_LIVE__BUFFER", BUFFER), ("WEFT_SERVER__WRITE_TIMEOUT", "10m")]
}

/// Changes so many components in turn, while one subscriber reads and the other does not: the slow one, and the last change, as the quick one
/// got it with all before.
async fn flooded(platform: &TestPlatform, components: usize) -> (EventStream, serde_json::Value) {
    let engineer = platform.client("engineer");
    // Much is sent with each event, so that what the network holds back is soon full.
    let query = "subscription { entityChanged { __typename \
                 ... on EntityChange { cursor kind ref entity { title annotations } } ... on Gap { fromCursor toCursor reason } } }";
    let slow = EventStream::open(&engineer, query, json!({})).await;
    let mut quick = EventStream::open(&engineer, query, json!({})).await;
    let estate = Estate::new("slow");
    let metadata = format!("  annotations:\n    example.com/large: {}\n", "x".repeat(60_000));
    let mut last = serde_json::Value::Null;
    for round in 0..ROUNDS {
        for number in round * BATCH..(round + 1) * BATCH {
            let name = format!("s-{}", number % components);
            estate.declare(&name, &format!("  title: \"{round}\"\n{metadata}"), "payments");
        }
        estate.import(platform).await;
        for _ in 0..BATCH {
            last = quick.next("entityChanged").await;
            assert_eq!(last["__typename"], "EntityChange", "{last}");
        }
    }
    (slow, last)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_too_slowly_is_told_what_is_lost_and_nobody_else_loses_anything() {
    let platform = TestPlatform::start_empty(&patient()).await;
    let (mut slow, last) = flooded(&platform, COMPONENTS).await;
    let mut cursor = serde_json::Value::Null;
    let mut before = 0;
    let gap = loop {
        let event = slow.next("entityChanged").await;
        if event["__typename"] == "Gap" {
            break event;
        }
        cursor = event["cursor"].clone();
        before += 1;
    };
    assert_eq!((&gap["reason"], &gap["fromCursor"]), (&json!("SLOW_CONSUMER"), &cursor));
    println!("{before} of {} events came before the gap", ROUNDS * BATCH);
    // What follows the gap comes, up to the last change.
    let mut newest = gap["toCursor"].clone();
    while newest != last["cursor"] {
        let event = slow.next("entityChanged").await;
        let field = if event["__typename"] == "Gap" { "toCursor" } else { "cursor" };
        newest = event[field].clone();
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_of_few_objects_gets_the_newest_of_each_and_no_gap() {
    let platform = TestPlatform::start_empty(&patient()).await;
    let (mut slow, last) = flooded(&platform, BATCH).await;
    let mut newest = std::collections::HashMap::new();
    let mut came = 0;
    loop {
        let event = slow.next("entityChanged").await;
        assert_eq!(event["__typename"], "EntityChange", "{}", event["reason"]);
        let is_known = newest.insert(event["ref"].to_string(), event["entity"]["title"].clone()).is_some();
        assert_eq!(event["kind"], if is_known { "UPDATED" } else { "CREATED" });
        came += 1;
        if event["cursor"] == last["cursor"] {
            break;
        }
    }
    assert!(newest.len() == BATCH && came < ROUNDS * BATCH, "all {came} events found room");
    let title = json!((ROUNDS - 1).to_string());
    assert!(newest.values().all(|newest| *newest == title), "{newest:?}");
    platform.stop().await;
}
