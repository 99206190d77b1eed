//! No N+1: a page of any size costs the same statements and the fewest upstream calls.

use demo::sample;
use it::{Statements, TestPlatform};
use serde_json::json;
use simulator::Upstream;

#[tokio::test(flavor = "multi_thread")]
async fn the_stitched_query_costs_the_same_for_any_page() {
    let statements = Statements::count();
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    // The first request of a process verifies the token and makes connections.
    client.data("{ viewer { subject } }", json!({})).await;
    let mut counts = Vec::new();
    for first in [5, 50, 100] {
        statements.take();
        let data = client.data(sample::QUERY, json!({ "first": first })).await;
        let run = statements.take();
        assert!(run.len() <= 8, "{} statements for a page of {first}: {run:#?}", run.len());
        assert!(!data["components"]["nodes"].as_array().unwrap().is_empty());
        counts.push(run.len());
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "the number of statements depends on the page: {counts:?}");
    println!("statements: {counts:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_is_asked_once_per_fifty_projects_and_not_at_all_when_warm() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "{ components(first: 100) { nodes { repository { path } } } }";
    let before = repository_calls(&platform);
    let data = client.data(query, json!({})).await;
    let mut paths: Vec<&str> = data["components"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|node| node["repository"]["path"].as_str())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    assert!(paths.len() > 50, "{} projects", paths.len());
    assert_eq!(repository_calls(&platform) - before, paths.len().div_ceil(50));
    let warm = repository_calls(&platform);
    client.data(query, json!({})).await;
    assert_eq!(repository_calls(&platform), warm, "a warm cache asked GitLab");
    platform.stop().await;
}

/// Calls that asked for projects; probes of health are not among them.
fn repository_calls(platform: &TestPlatform) -> usize {
    platform.simulator().calls(Upstream::Gitlab).recent().iter().filter(|call| call.full_paths.unwrap_or(0) > 0).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_readiness_questions_is_a_few_statements() {
    let statements = Statements::count();
    let platform = TestPlatform::start().await;
    let client = platform.client_with(None);
    statements.take();
    let asked = (0..200).map(|_| async { client.get("/readyz").send().await.unwrap().status() });
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    // Two for each look, one look a second; the flood may reach into a third second on a slow machine.
    let count = statements.take().len();
    assert!((1..=8).contains(&count), "{count} statements");
    platform.stop().await;
}
