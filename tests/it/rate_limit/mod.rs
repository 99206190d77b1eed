//! Who asks too much waits; everybody else does not notice.

mod points;
mod replicas;
mod worth;

use std::time::{Duration, Instant};

use demo::platform::claims;
use futures::future::join_all;
use it::{Answer, Client, TestPlatform};
use serde_json::json;

const QUERY: &str = "{ viewer { subject } }";

/// So many points in a window for each principal; no operation may cost more.
fn limited(points: &'static str, window: &'static str) -> [(&'static str, &'static str); 3] {
    [("WEFT_LIMITS__RATE__POINTS", points), ("WEFT_LIMITS__COST_MAX", points), ("WEFT_LIMITS__RATE__WINDOW", window)]
}

async fn ask(client: &Client) -> Answer {
    client.send(QUERY, json!({})).await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Points that are left, and seconds until all are back, of a header such as `"default";r=4;t=12`.
fn left(answer: &Answer) -> (u64, u64) {
    let number = |key: &str| {
        let part = header(answer, "ratelimit").split(';').find_map(|part| part.strip_prefix(key));
        part.unwrap_or_else(|| panic!("no `{key}` in `{}`", header(answer, "ratelimit"))).parse().unwrap()
    };
    (number("r="), number("t="))
}

fn assert_limited(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "RATE_LIMITED"), "{}", answer.text);
    let wait: u64 = header(answer, "retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=60).contains(&wait), "wait {wait} s");
    assert!(answer.json().get("data").is_none(), "{}", answer.text);
    assert_eq!(answer.json()["errors"][0]["extensions"]["retryable"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operation_after_the_last_point_waits_and_other_principals_do_not() {
    let platform = TestPlatform::start_with(&limited("5", "60s")).await;
    let (own, other) = (platform.client("engineer"), platform.client("finops"));
    for expected in (0..5).rev() {
        let answer = ask(&own).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(header(&answer, "ratelimit-policy"), "\"default\";q=5;w=60");
        assert_eq!(left(&answer).0, expected);
        assert!((1..=60).contains(&left(&answer).1), "{}", header(&answer, "ratelimit"));
    }
    let sixth = ask(&own).await;
    assert_limited(&sixth);
    assert_eq!(left(&sixth).0, 0);
    assert_eq!(header(&sixth, "ratelimit-policy"), "\"default\";q=5;w=60");
    // A new token is not a new principal.
    let role = TestPlatform::role("engineer");
    let renewed = platform.client_with(Some(platform.simulator().issuer().token(&claims(&role))));
    assert_limited(&ask(&renewed).await);
    // The same name in another tenant is.
    let mut namesake = claims(&role);
    namesake.tenant = Some(TestPlatform::role("other_tenant_engineer").tenant.to_owned());
    let namesake = platform.client_with(Some(platform.simulator().issuer().token(&namesake)));
    for client in [&other, &namesake] {
        let answer = ask(client).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(left(&answer).0, 4);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_authenticated_answer_tells_what_is_left_and_no_other_does() {
    let settings = [("WEFT_LIMITS__RATE__POINTS", "60000"), ("WEFT_LIMITS__RATE__WINDOW", "30d")];
    let platform = TestPlatform::start_with(&settings).await;
    let client = platform.client("engineer");
    let typed = |text: &str| client.post().header("content-type", "application/json").body(text.to_owned());
    for (what, request, status) in [
        ("a query", client.post().json(&json!({ "query": QUERY })), 200),
        ("an unknown field", client.post().json(&json!({ "query": "{ nothing }" })), 200),
        ("no GraphQL", client.post().json(&json!({ "query": "{" })), 200),
        ("no JSON", typed("{"), 400),
        ("text", client.post().header("content-type", "text/plain").body("{}"), 415),
        ("a large body", typed(&" ".repeat((1 << 20) + 1)), 413),
        ("a mutation by GET", client.get("/graphql?query=mutation%7B__typename%7D"), 405),
    ] {
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        assert_eq!(header(&answer, "ratelimit-policy"), "\"default\";q=60000;w=2592000", "{what}");
        assert!(left(&answer).0 < 60_000, "{what}");
    }
    let answer = ask(&platform.client_with(None)).await;
    assert_eq!(answer.status, 401);
    assert!(answer.headers.get("ratelimit").is_none() && answer.headers.get("ratelimit-policy").is_none());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_operations_never_pass_the_limit() {
    let platform = TestPlatform::start_with(&limited("20", "1h")).await;
    let client = platform.client("engineer");
    let answers = join_all((0..100).map(|_| ask(&client))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 20);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 80);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn points_come_back_after_the_time_that_was_told() {
    let platform = TestPlatform::start_with(&limited("2", "4s")).await;
    let client = platform.client("engineer");
    let mut refused = ask(&client).await;
    for _ in 0..20 {
        if refused.status == 429 {
            break;
        }
        refused = ask(&client).await;
    }
    assert_limited(&refused);
    let wait: u64 = header(&refused, "retry-after").parse().unwrap();
    // Obeying is enough: whoever waits as long as was asked is not refused again.
    let (started, promised) = (Instant::now(), Duration::from_secs(wait));
    loop {
        // An answer may be late; what counts is when it was asked for.
        let waited = started.elapsed();
        if ask(&client).await.status != 429 {
            break;
        }
        assert!(waited < promised + Duration::from_millis(150), "refused after {waited:?}, although told {promised:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_counts_before_the_token_is_looked_at() {
    let platform = TestPlatform::start_with(&[("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "5")]).await;
    let fetches = platform.simulator().issuer().jwks_fetches();
    let stranger = platform.client_with(Some("not.a.token".to_owned()));
    for _ in 0..5 {
        assert_eq!(ask(&stranger).await.status, 401);
    }
    assert_limited(&ask(&stranger).await);
    // A header cannot make another address of it: no proxy is trusted.
    let body = json!({ "query": QUERY });
    for (name, value) in
        [("X-Forwarded-For", "203.0.113.7"), ("X-Real-IP", "203.0.113.7"), ("Forwarded", "for=203.0.113.7")]
    {
        assert_limited(&Answer::of(stranger.post().header(name, value).json(&body)).await);
    }
    // Nor a sound token: it comes from the same address, and is not even read.
    let sound = ask(&platform.client("engineer")).await;
    assert_limited(&sound);
    assert!(sound.headers.get("ratelimit").is_none(), "the principal was charged");
    assert!(platform.simulator().issuer().jwks_fetches() <= fetches + 1);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_client_address_counts_for_itself() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "2"),
        ("WEFT_SERVER__TRUSTED_PROXIES", "[\"127.0.0.0/8\"]"),
    ])
    .await;
    let client = platform.client("engineer");
    let from = |forwarded: &'static str| {
        Answer::of(client.post().header("X-Forwarded-For", forwarded).json(&json!({ "query": QUERY })))
    };
    for address in ["203.0.113.7", "203.0.113.8"] {
        assert_eq!(from(address).await.status, 200);
        assert_eq!(from(address).await.status, 200);
        assert_limited(&from(address).await);
    }
    // What stands before the last hop is the client's own invention.
    assert_limited(&from("198.51.100.1, 203.0.113.7").await);
    platform.stop().await;
}
