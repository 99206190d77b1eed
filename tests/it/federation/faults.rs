//! A subgraph that fails or lies costs its own fields, each with a code, and nothing else.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{service::Mode, with_incidents};

const PAGE: &str = "{ components(first: 5) { nodes { ref name incidents { title } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_subgraph_does_costs_its_own_fields() {
    let settings =
        [("WEFT_FEDERATION__CALLS__TIMEOUT", "5s"), ("WEFT_FEDERATION__CALLS__BREAKER__FAILURES_MAX", "1000")];
    let (platform, service) = with_incidents(&settings).await;
    let client = platform.client("engineer");
    let own = client.data("{ components(first: 5) { nodes { ref name } } }", json!({})).await;
    for (mode, code) in [
        (Mode::Html, "UPSTREAM_ERROR"),
        (Mode::Garbage, "UPSTREAM_ERROR"),
        (Mode::Huge, "UPSTREAM_ERROR"),
        (Mode::Broken, "UPSTREAM_UNAVAILABLE"),
        (Mode::WrongShape, "UPSTREAM_ERROR"),
        (Mode::WrongType, "UPSTREAM_ERROR"),
        (Mode::WrongOrder, "UPSTREAM_ERROR"),
        (Mode::TooFew, "UPSTREAM_ERROR"),
        (Mode::Hang, "UPSTREAM_TIMEOUT"),
    ] {
        service.behave(mode);
        let started = Instant::now();
        let answer = client.query(PAGE, json!({})).await;
        assert!(started.elapsed() < Duration::from_secs(30), "{mode:?} took {:?}", started.elapsed());
        let nodes = answer["data"]["components"]["nodes"].as_array().unwrap_or_else(|| panic!("{mode:?}: {answer}"));
        for (at, (node, own)) in nodes.iter().zip(own["components"]["nodes"].as_array().unwrap()).enumerate() {
            assert_eq!((&node["ref"], &node["name"]), (&own["ref"], &own["name"]), "{mode:?}");
            assert_eq!(node["incidents"], Value::Null, "{mode:?}");
            let path = json!(["components", "nodes", at, "incidents"]);
            let errors: Vec<&Value> =
                answer["errors"].as_array().unwrap().iter().filter(|error| error["path"] == path).collect();
            assert_eq!(errors.len(), 1, "{mode:?}: {answer}");
            assert_eq!(errors[0]["extensions"]["code"], code, "{mode:?}: {answer}");
            assert!(errors[0]["extensions"]["requestId"].is_string());
        }
    }
    // Away altogether.
    service.behave(Mode::Good);
    let answer = client.query(PAGE, json!({})).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_null_takes_its_object_along_and_entities_that_are_not_there_are_null() {
    let (platform, service) = with_incidents(&[]).await;
    let client = platform.client("engineer");
    let page = "{ components(first: 3) { nodes { name incidents { title } } edges { node { name health } } } }";
    service.behave(Mode::NullForRequired);
    let answer = client.query(page, json!({})).await;
    // Neither an edge may be null nor the list of them: the first that may is `components`.
    assert_eq!(answer["data"], json!({ "components": null }), "{answer}");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 3, "each is told: {answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["components", "edges", 0, "node", "health"]), "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UPSTREAM_ERROR", "{answer}");
    let one = client.query("{ component(ref: \"payouts-api\") { name health } viewer { subject } }", json!({})).await;
    assert_eq!((&one["data"]["component"], one["data"]["viewer"].is_object()), (&Value::Null, true), "{one}");
    service.behave(Mode::Missing);
    let answer = client.query("{ components(first: 3) { nodes { name incidents { title } } } }", json!({})).await;
    assert!(answer.get("errors").is_none(), "a team need not know every component: {answer}");
    assert!(answer["data"]["components"]["nodes"].as_array().unwrap().iter().all(|node| node["incidents"].is_null()));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_a_subgraph_keep_their_place_and_hidden_entities_stay_hidden() {
    let (platform, _service) = with_incidents(&[]).await;
    let client = platform.client("engineer");
    let answer = client.query("{ bad: incident(id: \"broken\") { title } viewer { subject } }", json!({})).await;
    assert_eq!(answer["data"]["bad"], Value::Null);
    assert!(answer["data"]["viewer"]["subject"].is_string());
    let error = &answer["errors"][0];
    assert_eq!((&error["path"], &error["message"]), (&json!(["bad"]), &json!("the incident is broken")), "{answer}");
    assert_eq!(error["extensions"]["source"], "incidents");
    // A team may know of what the caller may not see: of that, nothing of ours is told.
    let other = platform.client("other_tenant_engineer");
    let query = "{ incident(id: \"component:default/payouts-api#0\") { component { ref name } } }";
    let known = client.query(query, json!({})).await;
    let hidden = other.query(query, json!({})).await;
    assert_eq!(known["data"]["incident"]["component"]["name"], "payouts-api", "{known}");
    assert_eq!(hidden["data"]["incident"], Value::Null, "{hidden}");
    assert_eq!(hidden["errors"][0]["extensions"]["code"], "NOT_FOUND", "{hidden}");
    platform.stop().await;
}
