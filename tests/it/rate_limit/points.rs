//! Operations pay what their work costs: by estimate before, by what came after.

use it::{Answer, Client, TestPlatform};
use serde_json::{Value, json};

use super::{assert_limited, header, left};

const PAGE: &str = "query($first: Int!) { components(first: $first) { nodes { name system { name } } } }";

/// The answer with `extensions.cost`.
async fn priced(client: &Client, query: &str, variables: Value) -> Answer {
    let body = json!({ "query": query, "variables": variables });
    Answer::of(client.post().header("X-Query-Cost", "true").json(&body)).await
}

fn cost(answer: &Answer, key: &str) -> u64 {
    answer.json()["extensions"]["cost"][key].as_u64().unwrap_or_else(|| panic!("no {key}: {}", answer.text))
}

/// The objects of a JSON value.
fn objects(value: &Value) -> u64 {
    match value {
        Value::Object(fields) => 1 + fields.values().map(objects).sum::<u64>(),
        Value::Array(items) => items.iter().map(objects).sum(),
        _ => 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operation_was_not_worth_is_given_back() {
    let platform =
        TestPlatform::start_with(&[("WEFT_LIMITS__RATE__POINTS", "10000"), ("WEFT_LIMITS__RATE__WINDOW", "30d")]).await;
    let client = platform.client("engineer");
    // A filter that only few pass: the estimate knows nothing of it.
    let few = "{ components(first: 100, filter: { owner: [\"group:default/payments\"] }) { nodes { name system { name } } } }";
    let answer = priced(&client, few, json!({})).await;
    let (requested, actual) = (cost(&answer, "requested"), cost(&answer, "actual"));
    let measured = objects(&answer.json()["data"]) - 1;
    assert_eq!(actual, measured, "{}", answer.text);
    assert!(requested > 150 && actual < requested - 50, "{requested} {actual}");
    assert_eq!(left(&answer).0, 10_000 - actual);
    assert_eq!(cost(&answer, "remaining"), 10_000 - actual);
    // The estimate has to be there in full all the same.
    let hungry = priced(&client, PAGE, json!({ "first": 10 })).await;
    assert_eq!(left(&hungry).0, 10_000 - actual - cost(&hungry, "actual"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_may_cost_more_than_is_left_is_refused_and_a_smaller_one_is_not() {
    let platform = TestPlatform::start_with(&super::limited("300", "1h")).await;
    let client = platform.client("engineer");
    let first = priced(&client, PAGE, json!({ "first": 60 })).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let rest = left(&first).0;
    let too_many = priced(&client, PAGE, json!({ "first": 100 })).await;
    assert!(rest < 201, "{rest} points are left");
    assert_limited_for_long(&too_many);
    assert_eq!(left(&too_many).0, rest, "a refusal costs nothing");
    assert_eq!(priced(&client, PAGE, json!({ "first": 5 })).await.status, 200);
    platform.stop().await;
}

fn assert_limited_for_long(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "RATE_LIMITED"), "{}", answer.text);
    let wait: u64 = header(answer, "retry-after").parse().expect("Retry-After in seconds");
    assert!(wait > 1, "wait {wait} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_operations_cost_as_much_as_one_that_asks_the_same() {
    let platform =
        TestPlatform::start_with(&[("WEFT_LIMITS__RATE__POINTS", "10000"), ("WEFT_LIMITS__RATE__WINDOW", "30d")]).await;
    let (one, many) = (platform.client("engineer"), platform.client("finops"));
    let aliased: Vec<String> = (0..10).map(|n| format!("a{n}: component(ref: \"payments-api\") {{ name }}")).collect();
    let answer = priced(&one, &format!("{{ {} }}", aliased.join(" ")), json!({})).await;
    let mut last = answer;
    let together = 10_000 - left(&last).0;
    for _ in 0..10 {
        last = priced(&many, "{ component(ref: \"payments-api\") { name } }", json!({})).await;
    }
    assert_eq!((together, 10_000 - left(&last).0), (10, 10));
    // Nor is what is refused free.
    let refused = priced(&many, "{ nothing }", json!({})).await;
    assert_eq!(left(&refused).0, 10_000 - 11);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_and_a_client_of_it_have_points_of_their_own() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_LIMITS__COST_MAX", "5"),
        ("WEFT_LIMITS__RATE__WINDOW", "1h"),
        ("WEFT_LIMITS__RATE__TENANT_POINTS", "12"),
        ("WEFT_LIMITS__RATE__CLIENTS", "{\"grafana\": 5}"),
    ])
    .await;
    let as_client = async |client: &Client, name: &str| {
        let body = json!({ "query": super::QUERY });
        Answer::of(client.post().header("graphql-client-name", name).json(&body)).await
    };
    let (engineer, finops) = (platform.client("engineer"), platform.client("finops"));
    for _ in 0..5 {
        assert_eq!(as_client(&engineer, "grafana").await.status, 200);
    }
    // Whoever uses it.
    let refused = as_client(&finops, "grafana").await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    assert!(header(&refused, "ratelimit-policy").ends_with("\"client\";q=5;w=3600"), "{:?}", refused.headers);
    assert!(refused.text.contains("too much was asked by client"), "{}", refused.text);
    // Another client has its own, until the tenant has none.
    for _ in 0..7 {
        assert_eq!(as_client(&finops, "portal").await.status, 200);
    }
    let refused = as_client(&engineer, "another").await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    assert!(header(&refused, "ratelimit-policy").ends_with("\"tenant\";q=12;w=3600"), "{:?}", refused.headers);
    assert_eq!(as_client(&platform.client("other_tenant_engineer"), "another").await.status, 200);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_is_found_by_a_claim_of_the_token() {
    let tiers = r#"[{"name": "crew", "claim": "groups", "value": "finance", "points": 7},
                    {"name": "late", "claim": "sub", "value": "nobody", "points": 9}]"#;
    let platform = TestPlatform::start_with(&[
        ("WEFT_LIMITS__COST_MAX", "5"),
        ("WEFT_LIMITS__RATE__POINTS", "5"),
        ("WEFT_LIMITS__RATE__TIERS", tiers),
    ])
    .await;
    let policy = async |role: &str| header(&super::ask(&platform.client(role)).await, "ratelimit-policy").to_owned();
    assert_eq!(policy("engineer").await, "\"default\";q=5;w=60");
    assert_eq!(policy("finops").await, "\"crew\";q=7;w=60");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_viewer_sees_what_is_left() {
    let platform =
        TestPlatform::start_with(&[("WEFT_LIMITS__RATE__POINTS", "6000"), ("WEFT_LIMITS__RATE__WINDOW", "1h")]).await;
    let client = platform.client("engineer");
    let query = "{ viewer { rateLimit { limit remaining cost windowSeconds resetAt } } }";
    let data = client.data(query, json!({})).await;
    let told = &data["viewer"]["rateLimit"];
    assert_eq!((told["limit"].as_i64(), told["windowSeconds"].as_i64()), (Some(6_000), Some(3_600)));
    let (remaining, cost) = (told["remaining"].as_i64().unwrap(), told["cost"].as_i64().unwrap());
    assert_eq!((remaining + cost, cost), (6_000, 2));
    assert!(told["resetAt"].as_str().is_some_and(|at| at.ends_with('Z')));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_nothing_left_is_refused_before_the_body_is_read() {
    let platform = TestPlatform::start_with(&super::limited("1", "60s")).await;
    let client = platform.client("engineer");
    assert_eq!(super::ask(&client).await.status, 200);
    // Whatever is wrong with the body, it is not looked at.
    let request = client.post().header("content-type", "application/json").body(" ".repeat(2 << 20));
    assert_limited(&Answer::of(request).await);
    platform.stop().await;
}
