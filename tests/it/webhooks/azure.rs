//! Azure: handshakes both ways, events in both schemas and alerts; each has caches forget what it is about.

use it::{Answer, TestPlatform};
use reqwest::Method;
use serde_json::json;
use simulator::{
    Upstream,
    hook::{self, Hook},
};

use super::{NEW, all_done, connect, counts, hooks, with};

const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";

async fn post(platform: &TestPlatform, hook: Hook) -> Answer {
    let mut request =
        platform.client_with(None).request(Method::POST, "/webhooks/azure").header("content-type", "application/json");
    for (name, value) in &hook.headers {
        request = request.header(name, value);
    }
    Answer::of(request.body(hook.body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_is_answered_to_expected_topics_and_origins_only() {
    let topics = ("WEFT_WEBHOOKS__AZURE__TOPICS", r#"["/subscriptions/11111111-2222-3333-4444-555555555555"]"#);
    let platform = TestPlatform::start_with(&with(&[topics])).await;
    let ours = hook::validation(&format!("/subscriptions/{SUBSCRIPTION}"), "512d38b6-c7b8");
    let answer = post(&platform, ours.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "validationResponse": "512d38b6-c7b8" })));
    let foreign = hook::validation("/subscriptions/99999999-2222-3333-4444-555555555555", "stolen");
    let refused = post(&platform, foreign.clone()).await;
    assert_eq!(refused.status, 401);
    assert!(!refused.text.contains("stolen"));
    assert_eq!(post(&platform, foreign.secret("x-weft-secret", NEW)).await.status, 200);
    // An event that only talks of a handshake is none.
    let talk = hook::resource_event(SUBSCRIPTION, "Microsoft.EventGrid.SubscriptionValidationEvent", "web", 1);
    assert_eq!(post(&platform, talk).await.status, 401);

    let ask = |origin: &str| {
        let request = platform.client_with(None).request(Method::OPTIONS, "/webhooks/azure");
        Answer::of(request.header("webhook-request-origin", origin.to_owned()).header("webhook-request-rate", "120"))
    };
    let allowed = ask("eventgrid.azure.net").await;
    assert_eq!(
        (allowed.status.as_u16(), allowed.headers["webhook-allowed-origin"].to_str().unwrap()),
        (200, "eventgrid.azure.net")
    );
    for origin in ["evil.example.com", "eventgrid.azure.net.example.com", "*", ""] {
        let refused = ask(origin).await;
        assert_eq!(refused.status, 403, "{origin}");
        assert!(!refused.headers.contains_key("webhook-allowed-origin"));
    }
    let request = platform.client_with(None).request(Method::OPTIONS, "/webhooks/gitlab");
    let other = Answer::of(request.header("webhook-request-origin", "eventgrid.azure.net")).await;
    assert!(!other.headers.contains_key("webhook-allowed-origin"));
    assert_eq!(counts(&mut connect(&platform).await).await.0, 0);
    platform.stop().await;
}

const ALERTS: &str = "{ component(ref: \"component:default/payments-api\") {
    cloudResources(first: 1) { nodes { resourceGroup subscriptionId alerts { rule } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn events_and_alerts_have_caches_forget_what_they_are_about() {
    let settings = with(&[("WEFT_SOURCES__AZURE__CACHE__FRESH", "1h"), ("WEFT_SOURCES__AZURE__PROBE_INTERVAL", "1h")]);
    let platform = TestPlatform::start_with(&settings).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let client = platform.client("engineer");
    let data = client.data(ALERTS, json!({})).await;
    let node = &data["component"]["cloudResources"]["nodes"][0];
    let (subscription, group) = (node["subscriptionId"].as_str().unwrap(), node["resourceGroup"].as_str().unwrap());
    let calls = platform.simulator().calls(Upstream::Azure);
    let asked = async || {
        calls.reset();
        client.data(ALERTS, json!({})).await;
        let recent = calls.recent();
        let of = |part: &str| recent.iter().filter(|call| call.path.to_lowercase().contains(part)).count();
        (of("resourcegraph"), of("alertsmanagement"))
    };
    assert_eq!(asked().await, (0, 0), "all of it is known");
    let mut count = 0;
    for (hook, expected) in [
        (hook::resource_event(subscription, group, "web", 1), (1, 0)),
        // Azure's names have no case.
        (hook::cloud_event(&subscription.to_uppercase(), &group.to_uppercase(), "web", 2), (1, 0)),
        (hook::alert(subscription, group, "Fired", 3), (0, 1)),
        (hook::resource_event(SUBSCRIPTION, group, "web", 4), (0, 0)),
    ] {
        let body = hook.body.clone();
        assert_eq!(network.send(hook.secret("x-weft-secret", NEW)).await, [200], "{body}");
        count += 1;
        all_done(&mut connection, count).await;
        let (graph, alerts) = asked().await;
        assert_eq!((graph.min(1), alerts.min(1)), expected, "{body}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_events_of_one_message_are_stored_together_and_repeated_ones_left_out() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_WEBHOOKS__AZURE__QUERY_PARAMETER", "code")])).await;
    let mut connection = connect(&platform).await;
    let events: Vec<serde_json::Value> = (0..5)
        .map(|number| {
            let hook = hook::resource_event(SUBSCRIPTION, "shop", &format!("web{number}"), number % 3 + number / 3);
            serde_json::from_str::<Vec<serde_json::Value>>(&hook.body).unwrap().remove(0)
        })
        .collect();
    let twice: Vec<_> = events.iter().chain(&events).collect();
    let request = platform.client_with(None).request(Method::POST, &format!("/webhooks/azure?code={NEW}"));
    let answer = Answer::of(request.header("content-type", "application/json").body(json!(twice).to_string())).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "stored": 5 })));
    all_done(&mut connection, 5).await;
    // A secret in an address counts only where it was asked for.
    let request = platform.client_with(None).request(Method::POST, &format!("/webhooks/azure?secret={NEW}"));
    assert_eq!(Answer::of(request.header("content-type", "application/json").body("[]")).await.status, 401);
    platform.stop().await;
}
