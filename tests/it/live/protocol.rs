//! The subprotocols, to the letter: who is let in, what ends a conversation, with which code.

use it::{Socket, TestPlatform};
use serde_json::{Value, json};

use super::{Estate, WATCH, up_to_date};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_ends_a_conversation_with_its_code() {
    let platform = TestPlatform::start_empty(&[("WEFT_LIVE__INIT_TIMEOUT", "3s")]).await;
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", platform.token("engineer")) } });
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": WATCH } });
    let open = async |protocols: &str| Socket::open(&platform.url(), protocols).await;
    for (said, code) in [
        (vec![], 4408),
        (vec!["no json".to_owned()], 4400),
        (vec![json!({ "type": "unknown" }).to_string()], 4400),
        (vec![subscribe.to_string()], 4401),
        (vec![json!({ "type": "connection_init" }).to_string()], 4403),
        (vec![json!({ "type": "connection_init", "payload": { "authorization": "Bearer x" } }).to_string()], 4403),
        (vec![init.to_string(), init.to_string()], 4429),
        (vec![init.to_string(), subscribe.to_string(), subscribe.to_string()], 4409),
        (vec![init.to_string(), json!({ "type": "subscribe", "payload": {} }).to_string()], 4400),
    ] {
        let mut socket = open("graphql-transport-ws").await;
        for text in &said {
            socket.say_text(text).await;
        }
        let ended = loop {
            if let Err(code) = socket.hear().await {
                break code;
            }
        };
        assert_eq!(ended, code, "{said:?}");
    }
    assert_eq!(Socket::open(&platform.url(), "").await.hear().await, Err(4406));
    // Before it is let in a client may ask whether we live.
    let mut socket = open("graphql-transport-ws").await;
    socket.say(&json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, Ok(json!({ "type": "pong" })));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_protocol_is_spoken_as_well() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut socket = Socket::open(&platform.url(), "graphql-ws").await;
    let token = format!("Bearer {}", platform.token("engineer"));
    socket.say(&json!({ "type": "connection_init", "payload": { "Authorization": token } })).await;
    assert_eq!(socket.hear().await, Ok(json!({ "type": "connection_ack" })));
    socket.say(&json!({ "id": "a", "type": "start", "payload": { "query": WATCH } })).await;
    socket.say(&json!({ "id": "b", "type": "start", "payload": { "query": "{ viewer { subject } }" } })).await;
    let mut heard: Vec<Value> = vec![socket.hear().await.unwrap(), socket.hear().await.unwrap()];
    assert_eq!((&heard[0]["type"], &heard[0]["id"]), (&json!("data"), &json!("b")));
    assert_eq!(heard.remove(1), json!({ "id": "b", "type": "complete" }));
    up_to_date(platform.app(), 1).await;
    let estate = Estate::new("legacy");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    let event = socket.hear().await.unwrap();
    assert_eq!(event["payload"]["data"]["entityChanged"]["ref"], "component:default/a", "{event}");
    socket.say(&json!({ "id": "a", "type": "stop" })).await;
    socket.say(&json!({ "id": "c", "type": "start", "payload": { "query": "{ nothing }" } })).await;
    let refused = socket.hear().await.unwrap();
    assert_eq!(
        (&refused["type"], &refused["payload"]["extensions"]["code"]),
        (&json!("error"), &json!("GRAPHQL_VALIDATION_FAILED"))
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_is_answered() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut socket = Socket::of(&platform.url(), &platform.token("engineer")).await;
    socket.subscribe("1", WATCH, json!({})).await;
    assert_eq!(socket.leave(1000).await, 1000);
    // So is one that comes before anything else.
    assert_eq!(Socket::open(&platform.url(), "graphql-ws").await.leave(1000).await, 1000);
    it::until("nobody subscribes", async || (platform.app().live.subscriptions() == 0).then_some(())).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_let_in_is_told_in_the_older_protocol_too() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut socket = Socket::open(&platform.url(), "graphql-ws").await;
    socket.say(&json!({ "type": "connection_init", "payload": { "authorization": "Bearer x" } })).await;
    let told = socket.hear().await;
    assert_eq!(told, Ok(json!({ "type": "connection_error", "payload": { "message": "Forbidden" } })));
    assert_eq!(socket.hear().await, Err(4403));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_free_again_once_its_operation_is_over() {
    let settings = [("WEFT_LIVE__SUBSCRIPTIONS_PER_SOCKET_MAX", "2")];
    let platform = TestPlatform::start_empty(&settings).await;
    let mut socket = Socket::of(&platform.url(), &platform.token("engineer")).await;
    for round in 0..3 {
        socket.subscribe("1", WATCH, json!({})).await;
        socket.subscribe("2", WATCH, json!({})).await;
        socket.subscribe("3", WATCH, json!({})).await;
        let refused = socket.hear().await.unwrap();
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("3")), "round {round}");
        assert_eq!(refused["payload"][0]["extensions"]["code"], "OVERLOADED");
        for id in ["1", "2"] {
            socket.say(&json!({ "id": id, "type": "complete" })).await;
        }
    }
    it::until("nobody subscribes", async || (platform.app().live.subscriptions() == 0).then_some(())).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_subscription_is_begun_with_has_a_limit_and_so_has_its_id() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut socket = Socket::of(&platform.url(), &platform.token("engineer")).await;
    let padded = |id: &str, query: &str, bytes: usize| {
        let message = |pad: String| json!({ "id": id, "type": "subscribe", "payload": { "query": query, "extensions": { "pad": pad } } });
        let room = bytes - message(String::new()).to_string().len();
        message("x".repeat(room))
    };
    let most = 128 * 1024;
    socket.say(&padded("1", WATCH, most)).await;
    up_to_date(platform.app(), 1).await;
    socket.say(&padded("2", WATCH, most + 1)).await;
    let told = socket.hear().await.unwrap();
    assert_eq!((&told["id"], &told["type"]), (&json!("2"), &json!("error")));
    assert_eq!(told["payload"][0]["extensions"]["code"], "BAD_REQUEST", "{told}");
    // Nothing of a query is kept.
    socket.say(&padded("3", "{ viewer { subject } }", most + 1)).await;
    assert_eq!(socket.hear().await.unwrap()["type"], "next");
    assert_eq!(socket.hear().await.unwrap(), json!({ "id": "3", "type": "complete" }));
    let long = "i".repeat(256);
    socket.say(&json!({ "id": long, "type": "subscribe", "payload": { "query": WATCH } })).await;
    up_to_date(platform.app(), 2).await;
    socket.say(&json!({ "id": format!("{long}i"), "type": "subscribe", "payload": { "query": WATCH } })).await;
    assert_eq!(socket.hear().await, Err(4400));
    platform.stop().await;
}
