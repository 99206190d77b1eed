use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use simulator::{Fault, Upstream};

use super::{Setup, message};

const QUERY: &str = "{ metadata { version revision } }";

async fn under(fault: Fault) -> (Setup, Result<Response, reqwest::Error>) {
    let setup = Setup::with(1).await;
    // Only what never answers is given up soon.
    let patience = Duration::from_secs(if matches!(fault, Fault::Hang) { 2 } else { 60 });
    setup.simulator.faults(Upstream::Gitlab).always(fault);
    let response = setup.post(QUERY, json!({})).timeout(patience).send().await;
    (setup, response)
}

#[tokio::test]
async fn latency_delays_the_right_answer() {
    let start = Instant::now();
    let (_setup, response) = under(Fault::Latency { delay_ms: 150 }).await;
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(response.unwrap().json::<Value>().await.unwrap()["data"]["metadata"]["version"], "18.5.0-ee");
}

#[tokio::test]
async fn throttling_is_plain_text_with_or_without_a_date() {
    for seconds in [None, Some(7)] {
        let (_setup, response) = under(Fault::Throttled { retry_after_seconds: seconds }).await;
        let response = response.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header, seconds.map(|seconds| seconds.to_string()));
        assert_eq!(response.text().await.unwrap().trim(), "Retry later");
    }
}

#[tokio::test]
async fn statuses_pages_and_redirects_replace_the_answer() {
    for code in [500, 502, 503] {
        let (_setup, response) = under(Fault::Status { code }).await;
        assert_eq!(response.unwrap().status(), code);
    }
    let (_setup, response) = under(Fault::Html).await;
    let response = response.unwrap();
    assert!(response.status() == 200 && response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let (_setup, response) = under(Fault::Redirect { location: "http://127.0.0.1:9/".into() }).await;
    let response = response.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["location"]),
        (StatusCode::FOUND, &"http://127.0.0.1:9/".parse().unwrap())
    );
}

#[tokio::test]
async fn hanging_and_dropping_give_no_answer_at_all() {
    let (setup, response) = under(Fault::Hang).await;
    assert!(response.unwrap_err().is_timeout());
    assert_eq!((setup.calls().count(), setup.calls().recent()[0].status), (1, None));
    let start = Instant::now();
    setup.simulator.stop().await;
    assert!(start.elapsed() < Duration::from_secs(20), "a hanging call does not hold up the stop");
    let (setup, response) = under(Fault::Drop).await;
    let error = response.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert_eq!(setup.calls().recent()[0].status, None);
}

#[tokio::test]
async fn spoilt_bodies_are_spoilt_as_promised() {
    let (_setup, response) = under(Fault::TruncatedJson).await;
    let text = response.unwrap().text().await.unwrap();
    assert!(text.starts_with("{\"data\"") && serde_json::from_str::<Value>(&text).unwrap_err().is_eof());

    let (_setup, response) = under(Fault::BrokenBody).await;
    assert!(response.unwrap().bytes().await.is_err());

    let (_setup, response) = under(Fault::WrongContentType).await;
    let response = response.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(response.json::<Value>().await.unwrap()["data"].is_object());

    let start = Instant::now();
    let (_setup, response) = under(Fault::Drip { pause_ms: 30 }).await;
    assert!(response.unwrap().json::<Value>().await.unwrap()["data"].is_object());
    assert!(start.elapsed() >= Duration::from_millis(90), "the body came in pieces");

    let (_setup, response) = under(Fault::HugeBody { body_bytes: 30_000_001 }).await;
    let body = response.unwrap().bytes().await.unwrap();
    assert_eq!(body.len(), 30_000_001);
    assert!(body.starts_with(b"{\"data\":\"xx") && body.ends_with(b"x\"}"));

    let (_setup, response) = under(Fault::DeepJson { depth: 10_000 }).await;
    let body = response.unwrap().text().await.unwrap();
    assert_eq!((body.matches('[').count(), body.matches(']').count()), (10_000, 10_000));

    let (_setup, response) = under(Fault::GraphqlErrors { message: "Timeout".into() }).await;
    let answer: Value = response.unwrap().json().await.unwrap();
    assert_eq!(message(&answer), "Timeout");
    assert!(answer.get("data").is_none());
}

#[tokio::test]
async fn a_plan_is_used_up_in_order_and_one_upstream_at_a_time() {
    let setup = Setup::with(1).await;
    let faults = setup.simulator.faults(Upstream::Gitlab);
    faults.next_calls(2, Fault::Status { code: 503 });
    faults.next_calls(1, Fault::Throttled { retry_after_seconds: None });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(setup.get("/api/v4/version").await.status().as_u16());
    }
    assert_eq!(statuses, [503, 503, 429, 200]);
    let logged: Vec<_> = setup.calls().recent().iter().map(|call| call.status.unwrap()).collect();
    assert_eq!(logged, statuses);
    assert_eq!(setup.simulator.calls(Upstream::Issuer).count(), 0);
}

#[tokio::test]
async fn faults_and_calls_can_be_steered_over_http() {
    let setup = Setup::with(1).await;
    let faults = format!("{}/__simulator/faults", setup.simulator.gitlab_url());
    let calls = format!("{}/__simulator/calls", setup.simulator.gitlab_url());
    let change = async |body: Value| setup.http.post(&faults).json(&body).send().await.unwrap();
    let limited = change(json!({ "fault": { "kind": "throttled", "retry_after_seconds": 2 }, "calls": 1 })).await;
    let plan: Value = limited.json().await.unwrap();
    assert_eq!(plan["plan"][0]["calls_left"], 1);
    assert_eq!(setup.get("/api/v4/version").await.status(), 429);
    assert_eq!(setup.get("/api/v4/version").await.status(), 200);
    change(json!({ "fault": { "kind": "html" } })).await;
    assert_eq!(setup.simulator.faults(Upstream::Gitlab).current(), Some(Fault::Html));
    change(json!({ "fault": null })).await;
    assert_eq!(setup.simulator.faults(Upstream::Gitlab).current(), None);
    assert!(change(json!({ "fault": { "kind": "no such" } })).await.status().is_client_error());
    let log: Value = setup.http.get(&calls).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&log["count"], &log["recent"][0]["path"]),
        (&json!(2), &json!("/api/v4/version")),
        "steering is not counted"
    );
    setup.http.delete(&calls).send().await.unwrap();
    assert_eq!(setup.calls().count(), 0);
}

#[tokio::test]
async fn dropping_the_simulator_closes_its_ports() {
    let setup = Setup::with(1).await;
    let url = setup.simulator.gitlab_url().to_owned();
    drop(setup.simulator);
    let mut refused = false;
    // The runtime drops the aborted tasks when it comes to them, which is soon but not now.
    for _ in 0..100 {
        tokio::task::yield_now().await;
        refused = setup.http.get(&url).send().await.is_err();
        if refused {
            break;
        }
    }
    assert!(refused);
}
