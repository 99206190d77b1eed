//! GitLab, well and ill: the page stands whatever it does, and it is never asked more than needed.

use std::time::{Duration, Instant};

use futures::future::join_all;
use it::{TestPlatform, faults};
use serde_json::{Value, json};
use simulator::{Fault, Upstream, gitlab::Project};

const QUERY: &str = "{ components(filter: { owner: [\"group:default/payments\"] }, first: 50) {
    totalCount nodes { ref owner { ... on Team { ref } } repository { path latestPipeline { status } } } } }";

/// Short lives and short waits, so that every state is reached within a test.
const IMPATIENT: [(&str, &str); 3] = [
    ("WEFT_SOURCES__GITLAB__TIMEOUT", "5s"),
    ("WEFT_SOURCES__GITLAB__BREAKER__FAILURES_MAX", "1000"),
    ("WEFT_SOURCES__GITLAB__CACHE__FRESH", "0s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_equal_cold_queries_are_the_calls_of_one() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "9m"),
        ("WEFT_SERVER__REQUEST_TIMEOUT", "9m"),
        ("WEFT_SOURCES__GITLAB__CACHE__FRESH", "10m"),
        ("WEFT_SERVER__REQUESTS_IN_FLIGHT_MAX", "2000"),
        ("WEFT_SOURCES__GITLAB__TIMEOUT", "120s"),
    ])
    .await;
    // Slow enough that all of them ask before the first answer is there.
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Latency { delay_ms: 1_500 });
    let client = platform.client("engineer");
    let answers = join_all((0..1_000).map(|_| client.data(QUERY, json!({})))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "equal questions had different answers");
    let paths = distinct_paths(&answers[0]);
    assert_eq!(repository_calls(&platform), paths.len().div_ceil(50), "{} projects", paths.len());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_gitlab_does_nulls_only_repository() {
    let platform = TestPlatform::start_with(&IMPATIENT).await;
    let client = platform.client("engineer");
    for (fault, code) in faults(
        [
            (Fault::Status { code: 503 }, "UPSTREAM_UNAVAILABLE"),
            (Fault::GraphqlErrors { message: "no".to_owned() }, "UPSTREAM_ERROR"),
        ],
        Duration::from_secs(60),
    ) {
        platform.simulator().faults(Upstream::Gitlab).always(fault.clone());
        let started = Instant::now();
        let answer = client.query(QUERY, json!({})).await;
        assert!(started.elapsed() < Duration::from_secs(20), "{fault:?} kept a request waiting");
        let connection = &answer["data"]["components"];
        assert_eq!(connection["totalCount"], 60, "{fault:?}: {answer}");
        let nodes = connection["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 50);
        let errors = answer["errors"].as_array().unwrap();
        for (index, node) in nodes.iter().enumerate() {
            assert_eq!(node["owner"]["ref"], "group:default/payments", "{fault:?} spoiled a sibling");
            let own: Vec<&Value> = errors
                .iter()
                .filter(|error| error["path"] == json!(["components", "nodes", index, "repository"]))
                .collect();
            assert_eq!(node["repository"], Value::Null);
            // Two of the libraries name no project: null without an error.
            assert!(own.len() <= 1, "{fault:?}: {own:?}");
            assert!(own.iter().all(|error| error["extensions"]["code"] == code), "{fault:?}: {own:?}");
            assert!(own.iter().all(|error| error["extensions"]["source"] == "gitlab"), "{own:?}");
        }
        assert!(errors.len() >= 45, "{fault:?}: {} errors", errors.len());
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_gitlab_fails_for_spoils_no_other() {
    let platform = TestPlatform::start_with(&IMPATIENT).await;
    let client = platform.client("engineer");
    let broken = "money/payments-api";
    let gitlab = platform.simulator().gitlab();
    gitlab.put_project(Project { is_broken: true, ..Project::believable(broken) });
    let query = "{ components(filter: { owner: [\"group:default/payments\"] }, first: 50) { nodes { ref
        repository { path codeOwners { path } pipelines(first: 1) { nodes { id jobs { total } } } } } } }";
    let answer = client.query(query, json!({})).await;
    let nodes = answer["data"]["components"]["nodes"].as_array().unwrap();
    let own = nodes.iter().position(|node| node["ref"] == "component:default/payments-api").unwrap();
    assert!(distinct_paths(&answer["data"]).len() > 30, "{answer:.300}");
    for (at, node) in nodes.iter().enumerate().filter(|(at, _)| *at != own) {
        let repository = &node["repository"];
        let is_whole = repository.is_null() || repository["codeOwners"]["path"].is_string();
        assert!(is_whole, "{at}: {repository}");
    }
    assert_eq!(nodes[own]["repository"], Value::Null);
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["path"], json!(["components", "nodes", own, "repository"]));
    assert_eq!(errors[0]["extensions"]["code"], "UPSTREAM_ERROR");
    let sources = client.data("{ sources { name status } }", json!({})).await;
    assert_eq!(sources["sources"][0]["status"], "HEALTHY", "one project is not GitLab: {sources}");
    // And it is not remembered as one that there is not.
    gitlab.put_project(Project::believable(broken));
    let again = client.data("{ component(ref: \"payments-api\") { repository { path } } }", json!({})).await;
    assert_eq!(again["component"]["repository"]["path"], broken);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_gitlab_asks_for_is_kept() {
    let platform = TestPlatform::start_with(&IMPATIENT).await;
    let client = platform.client("engineer");
    platform.simulator().faults(Upstream::Gitlab).next_calls_below(
        "/api/graphql",
        1,
        Fault::Throttled { retry_after_seconds: Some(60) },
    );
    client.query(QUERY, json!({})).await;
    let before = repository_calls(&platform);
    let answer = client.query(QUERY, json!({})).await;
    assert_eq!(repository_calls(&platform), before, "GitLab was asked within the wait");
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(extensions["code"], "UPSTREAM_THROTTLED");
    assert!((1..=60).contains(&extensions["retryAfter"].as_u64().unwrap()), "{extensions}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_data_is_served_while_gitlab_fails_and_says_so() {
    let platform = TestPlatform::start_with(&IMPATIENT).await;
    let client = platform.client("engineer");
    let good = client.data(QUERY, json!({})).await;
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 500 });
    let answer = client.query(QUERY, json!({})).await;
    assert_eq!(answer["data"], good);
    assert!(answer.get("errors").is_none(), "{answer}");
    let marks = answer["extensions"]["stale"].as_array().unwrap();
    assert!(marks.len() >= 45 && marks.iter().all(|mark| mark["source"] == "gitlab"), "{marks:?}");
    assert_eq!(marks[0]["path"][0], "components");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_that_keeps_failing_is_left_alone() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_SOURCES__GITLAB__BREAKER__FAILURES_MAX", "2"),
        ("WEFT_SOURCES__GITLAB__BREAKER__OPEN_FOR", "10m"),
    ])
    .await;
    let client = platform.client("engineer");
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 502 });
    for _ in 0..3 {
        client.query(QUERY, json!({})).await;
    }
    let before = platform.simulator().calls(Upstream::Gitlab).count();
    let answer = client.query(QUERY, json!({})).await;
    assert_eq!(platform.simulator().calls(Upstream::Gitlab).count(), before, "an open breaker let a call through");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UPSTREAM_UNAVAILABLE");
    let sources = client.data("{ sources { name status lastError } }", json!({})).await;
    // Degraded while an earlier probe still counts among the newest calls.
    assert!(["DOWN", "DEGRADED"].contains(&sources["sources"][0]["status"].as_str().unwrap()), "{sources}");
    assert!(sources["sources"][0]["lastError"].is_string());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_not_there_is_null_without_an_error() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "{ component(ref: \"payments-api\") { repository { path id languages { name share } latestPipeline { id status upstreamStatus } } } }";
    let found = client.data(query, json!({})).await;
    assert_eq!(found["component"]["repository"]["path"], "money/payments-api");
    let share: f64 = found["component"]["repository"]["languages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["share"].as_f64().unwrap())
        .sum();
    assert!((0.5..=1.001).contains(&share), "shares are ratios: {share}");
    let ids = json!({ "ids": [
        found["component"]["repository"]["id"],
        found["component"]["repository"]["latestPipeline"]["id"],
    ] });
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let again = client.data(nodes, ids.clone()).await;
    assert_eq!(again["nodes"][0], json!({ "__typename": "Repository", "id": ids["ids"][0] }));
    assert_eq!(again["nodes"][1], json!({ "__typename": "Pipeline", "id": ids["ids"][1] }));
    let stranger = platform.client("other_tenant_engineer").data(nodes, ids).await;
    assert_eq!(stranger["nodes"], json!([null, null]), "ids of another tenant led somewhere");
    platform.simulator().gitlab().remove_project("money/payouts-api");
    let gone = client.query("{ component(ref: \"payouts-api\") { ref repository { path } } }", json!({})).await;
    assert_eq!(
        gone,
        json!({ "data": { "component": { "ref": "component:default/payouts-api", "repository": null } } })
    );
    platform.stop().await;
}

fn distinct_paths(data: &Value) -> Vec<String> {
    let nodes = data["components"]["nodes"].as_array().unwrap();
    let mut paths: Vec<String> =
        nodes.iter().filter_map(|node| node["repository"]["path"].as_str()).map(str::to_owned).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn repository_calls(platform: &TestPlatform) -> usize {
    platform.simulator().calls(Upstream::Gitlab).recent().iter().filter(|call| call.full_paths.unwrap_or(0) > 0).count()
}
