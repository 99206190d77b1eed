//! What stays of subscribers when the gateway goes: a word that it goes, and nothing lost on the other replica.

use std::time::Duration;

use it::{EventStream, Socket, TestPlatform};
use serde_json::json;

use super::{Estate, WATCH, up_to_date};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_served_goes_on_at_another_replica_without_loss() {
    let platform = TestPlatform::start_empty(&[("WEFT_SERVER__SHUTDOWN_GRACE", "2s")]).await;
    let other = platform.replica().await;
    let url = other.engineer().url().to_owned();
    let mut socket = Socket::of(&url, &platform.token("engineer")).await;
    socket.subscribe("1", WATCH, json!({})).await;
    let mut events = EventStream::open(&other.engineer(), WATCH, json!({})).await;
    up_to_date(other.app(), 2).await;
    let estate = Estate::new("drain");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    let cursor = socket.next("1", "entityChanged").await["cursor"].clone();
    let last = events.event().await.unwrap().id.unwrap();
    let stopping = tokio::spawn(other.stop());
    assert_eq!(socket.hear().await, Err(1001));
    assert_eq!(events.event().await, None, "the end of a stream must not look like its completion");
    stopping.await.unwrap();
    estate.declare("b", "", "payments");
    estate.import(&platform).await;
    let mut socket = Socket::of(&platform.url(), &platform.token("engineer")).await;
    socket.subscribe("1", WATCH, json!({ "after": cursor })).await;
    assert_eq!(socket.next("1", "entityChanged").await["ref"], "component:default/b");
    let mut events = EventStream::open_with(&platform.client("engineer"), WATCH, json!({}), Some(&last)).await;
    assert_eq!(events.next("entityChanged").await["ref"], "component:default/b");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_ends_waits_until_every_socket_was_told_and_they_get_what_comes_meanwhile() {
    let platform = TestPlatform::start_empty(&[("WEFT_SERVER__SHUTDOWN_GRACE", "8s")]).await;
    let other = platform.replica().await;
    let url = other.engineer().url().to_owned();
    let mut sockets = Vec::new();
    for _ in 0..12 {
        let mut socket = Socket::of(&url, &platform.token("engineer")).await;
        socket.subscribe("1", WATCH, json!({ "snapshot": true })).await;
        // It has begun.
        assert_eq!(socket.next("1", "entityChanged").await["__typename"], "SnapshotEnd");
        sockets.push(socket);
    }
    let estate = Estate::new("told");
    let stopping = tokio::spawn(other.stop());
    estate.declare("b", "", "payments");
    estate.import(&platform).await;
    stopping.await.unwrap();
    let mut events = 0;
    for socket in &mut sockets {
        // The gateway has ended: whatever it said is there.
        let mut hear = async || tokio::time::timeout(Duration::from_millis(100), socket.hear()).await;
        let mut heard = hear().await;
        if let Ok(Ok(message)) = &heard {
            assert_eq!(message["payload"]["data"]["entityChanged"]["ref"], "component:default/b");
            events += 1;
            heard = hear().await;
        }
        assert_eq!(heard.expect("a socket was not told before the end"), Err(1001));
    }
    assert!(events > 0, "nobody got what came while the replica went");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_begin_in_time_is_refused_and_begins_later() {
    let settings = [("WEFT_LIVE__CATCHING_UP_MAX", "1"), ("WEFT_SERVER__REQUEST_TIMEOUT", "1s")];
    let platform = TestPlatform::start_empty(&settings).await;
    let mut socket = Socket::of(&platform.url(), &platform.token("engineer")).await;
    let held = platform.app().live.beginning.acquire().await.unwrap();
    socket.subscribe("1", WATCH, json!({})).await;
    let refused = socket.hear().await.unwrap();
    assert_eq!((&refused["id"], &refused["type"]), (&json!("1"), &json!("error")), "{refused}");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "OVERLOADED");
    assert_eq!(refused["payload"][0]["extensions"]["retryable"], true);
    drop(held);
    socket.subscribe("1", WATCH, json!({ "snapshot": true })).await;
    assert_eq!(socket.next("1", "entityChanged").await["__typename"], "SnapshotEnd");
    platform.stop().await;
}
