//! Subscriptions that reach into subgraphs, and those of a subgraph's own.

use gateway::federation::Published;
use it::{EventStream, Socket, TestPlatform, until};
use serde_json::{Value, json};

use super::{publish_sdl, raising, removed, served, service::Mode, with_incidents};
use crate::live::{Estate, up_to_date};

const WATCH: &str = "subscription($filter: EntityFilter, $after: String) { entityChanged(filter: $filter, after: $after) { \
    __typename ... on EntityChange { kind ref entity { name ... on Component { incidents { title } health } } } } }";

fn filter() -> Value {
    json!({ "filter": { "tags": ["watched"] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_our_own_has_what_a_subgraph_knows_and_goes_on_without_it() {
    let (platform, service) = with_incidents(&[]).await;
    let engineer = platform.client("engineer");
    let mut events = EventStream::open(&engineer, WATCH, filter()).await;
    let mut socket = Socket::of(&platform.url(), &platform.token("engineer")).await;
    socket.subscribe("1", WATCH, filter()).await;
    up_to_date(platform.app(), 2).await;
    service.calls();

    let estate = Estate::new("federated");
    estate.declare("abc", "  tags: [watched]\n", "payments");
    estate.import(&platform).await;
    let first = events.event().await.unwrap();
    let event = first.data["data"]["entityChanged"].clone();
    // As the service has it: as many incidents as the length of the reference says.
    let expected = "component:default/abc".len() % 3;
    assert_eq!(event["entity"]["name"], "abc", "{first:?}");
    assert_eq!(event["entity"]["incidents"].as_array().unwrap().len(), expected, "{event}");
    assert_eq!(event, socket.next("1", "entityChanged").await);
    assert_eq!(service.calls().len(), 1, "both see the same, so it is asked for once");

    // The subgraph fails: the event comes all the same, and says what it lacks.
    service.behave(Mode::Broken);
    estate.declare("abc", "  tags: [watched]\n  title: Second\n", "payments");
    estate.import(&platform).await;
    let second = events.event().await.unwrap();
    assert_eq!(second.data["data"]["entityChanged"]["kind"], "UPDATED", "{second:?}");
    let error = &second.data["errors"][0];
    assert_eq!(error["extensions"]["source"], "incidents", "{second:?}");
    assert_eq!(error["extensions"]["code"], "UPSTREAM_UNAVAILABLE");
    drop(events);

    // Who was away goes on after the cursor, with what is known by now.
    service.behave(Mode::Good);
    let mut resumed = EventStream::open_with(&engineer, WATCH, filter(), first.id.as_deref()).await;
    let again = resumed.next("entityChanged").await;
    assert_eq!((&again["kind"], &again["entity"]["name"]), (&json!("UPDATED"), &json!("abc")));
    assert_eq!(again["entity"]["incidents"].as_array().unwrap().len(), expected);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_goes_over_to_another_graph_and_lacks_what_is_gone() {
    let (platform, service) = with_incidents(&[]).await;
    let mut events = EventStream::open(&platform.client("engineer"), WATCH, filter()).await;
    up_to_date(platform.app(), 1).await;
    let estate = Estate::new("federated-graphs");
    let changed = super::service::SDL.replace("title: String!", "title: String!\n  label: String");
    let Published::Changed(version) = publish_sdl(&platform, "incidents", &service.url(), &changed).await else {
        panic!("it is another SDL")
    };
    served(platform.app(), version).await;
    estate.declare("abc", "  tags: [watched]\n", "payments");
    estate.import(&platform).await;
    assert!(events.next("entityChanged").await["entity"]["health"].is_string());

    let Published::Changed(version) = removed(&platform, "incidents").await else { panic!("it was there") };
    let gone = async || platform.app().federation.current().is_none().then_some(());
    until("the subgraph is gone", gone).await;
    assert!(version > 0);
    service.calls();
    estate.declare("abc", "  tags: [watched]\n  title: Second\n", "payments");
    estate.import(&platform).await;
    let event = events.event().await.unwrap();
    assert_eq!(event.data["errors"][0]["extensions"]["source"], "incidents", "{event:?}");
    assert_eq!(service.calls().len(), 0, "who does not belong to the graph is not asked");
    platform.stop().await;
}

const RAISED: &str =
    "subscription($loud: Boolean) { alarmRaised(loud: $loud) { id words: text component { name lifecycle } } }";

async fn with_alarms(settings: &[(&str, &str)]) -> (TestPlatform, raising::Raising) {
    let platform = TestPlatform::start_with(settings).await;
    let alarms = raising::Raising::start().await;
    let published = publish_sdl(&platform, "alarms", alarms.url(), raising::SDL).await;
    let Published::Changed(version) = published else { panic!("{published:?}") };
    served(platform.app(), version).await;
    (platform, alarms)
}

async fn listened(alarms: &raising::Raising, count: usize) {
    until("the subgraph has its subscribers", async || (alarms.begun().len() == count).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_subgraph_are_forwarded_with_what_we_know_besides() {
    let (platform, alarms) = with_alarms(&[("WEFT_FEDERATION__IDENTITY__KIND", "original")]).await;
    let mut events = EventStream::open(&platform.client("engineer"), RAISED, json!({ "loud": false })).await;
    let token = platform.token("engineer");
    let mut socket = Socket::of(&platform.url(), &token).await;
    socket.subscribe("1", RAISED, json!({})).await;
    listened(&alarms, 2).await;
    let begun = alarms.begun();
    for begun in &begun {
        assert!(begun.headers["authorization"].to_str().unwrap().starts_with("Bearer "), "{begun:?}");
        assert_eq!(begun.init["payload"]["authorization"], begun.headers["authorization"].to_str().unwrap());
        assert!(begun.headers.contains_key("x-request-id"));
        assert!(begun.asked["query"].as_str().unwrap().contains("alarmRaised"), "{begun:?}");
    }
    assert!(begun.iter().any(|begun| begun.asked["variables"]["loud"] == json!(false)), "{begun:?}");
    assert!(begun.iter().any(|begun| begun.headers["authorization"] == format!("Bearer {token}")), "{begun:?}");

    let alarm = |name: &str| {
        json!({ "__typename": "Alarm", "id": "1", "text": "help", "words": "help",
            "component": { "__typename": "Component", "ref": format!("component:default/{name}") } })
    };
    alarms.raise(alarm("payouts-api"));
    let expected = json!({ "id": "1", "words": "help",
        "component": { "name": "payouts-api", "lifecycle": "production" } });
    let event = events.event().await.unwrap();
    assert_eq!(event.data["data"]["alarmRaised"], expected, "{event:?}");
    assert_eq!(event.id, None, "what has no place has no cursor");
    assert_eq!(socket.next("1", "alarmRaised").await, expected);

    // One of another tenant, or of nobody: it is not shown, and its name is not told.
    alarms.raise(alarm("nobody-knows-it"));
    let event = events.event().await.unwrap();
    assert_eq!(event.data["data"]["alarmRaised"]["component"], json!(null), "{event:?}");
    assert!(socket.hear().await.is_ok());

    // Whoever leaves leaves the subgraph too.
    socket.say(&json!({ "type": "complete", "id": "1" })).await;
    until("one subscriber is left", async || (alarms.listeners() == 1).then_some(())).await;
    alarms.say(Some(json!({ "type": "complete", "id": "1" })));
    let end = events.event().await.unwrap();
    assert_eq!(end.name, "complete");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subgraph_that_ends_refuses_or_lies_is_told_and_is_the_end() {
    let (platform, alarms) = with_alarms(&[]).await;
    let client = platform.client("engineer");
    for (number, (said, code)) in [
        (None, "UPSTREAM_UNAVAILABLE"),
        (Some(json!({ "type": "next", "id": "1", "payload": "nonsense" })), "UPSTREAM_ERROR"),
        (Some(json!(["no message"])), "UPSTREAM_ERROR"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut events = EventStream::open(&client, RAISED, json!({})).await;
        listened(&alarms, number + 1).await;
        alarms.say(said.clone());
        let event = events.event().await.unwrap();
        assert_eq!(event.data["data"], json!(null), "{said:?}: {event:?}");
        let error = &event.data["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{said:?}: {event:?}");
        assert_eq!(error["extensions"]["source"], "alarms");
    }
    // One that says why it cannot go on.
    let mut events = EventStream::open(&client, RAISED, json!({})).await;
    listened(&alarms, 4).await;
    alarms.say(Some(json!({ "type": "error", "id": "1", "payload": [{ "message": "out of order" }] })));
    let event = events.event().await.unwrap();
    assert!(event.data["errors"].to_string().contains("out of order"), "{event:?}");
    assert_eq!(events.event().await.unwrap().name, "complete");
    // And one that is not there at all.
    drop(alarms);
    let mut events = EventStream::open(&client, RAISED, json!({})).await;
    let event = events.event().await.unwrap();
    assert_eq!(event.data["errors"][0]["extensions"]["code"], "UPSTREAM_UNAVAILABLE", "{event:?}");
    assert_eq!(events.event().await.unwrap().name, "complete");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_taken_out_of_the_graph_is_not_heard_any_more() {
    let (platform, alarms) = with_alarms(&[]).await;
    let mut events = EventStream::open(&platform.client("engineer"), RAISED, json!({})).await;
    listened(&alarms, 1).await;
    let Published::Changed(_) = removed(&platform, "alarms").await else { panic!("it was there") };
    // Although it says nothing.
    let event = events.event().await.unwrap();
    assert_eq!(event.data["errors"][0]["extensions"]["code"], "UPSTREAM_UNAVAILABLE", "{event:?}");
    assert_eq!(events.event().await.unwrap().name, "complete");
    until("nobody listens", async || (alarms.listeners() == 0).then_some(())).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_token_is_what_subgraphs_get_from_then_on() {
    let (platform, alarms) = with_alarms(&[("WEFT_FEDERATION__IDENTITY__KIND", "original")]).await;
    let first = platform.token("engineer");
    let mut socket = Socket::of(&platform.url(), &first).await;
    socket.subscribe("1", RAISED, json!({})).await;
    listened(&alarms, 1).await;
    let second =
        until("another token", async || Some(platform.token("engineer")).filter(|token| *token != first)).await;
    let renewal = json!({ "type": "ping", "payload": { "authorization": format!("Bearer {second}") } });
    socket.say(&renewal).await;
    listened(&alarms, 2).await;
    assert_eq!(alarms.begun()[1].headers["authorization"], format!("Bearer {second}"));
    until("the first connection is left", async || (alarms.listeners() == 1).then_some(())).await;
    platform.stop().await;
}
