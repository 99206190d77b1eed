//! No N+1: a page of any size costs the same statements and the fewest upstream calls.

use std::time::{Duration, Instant};

use demo::sample;
use gateway::admission::Class;
use it::{Statements, TestPlatform, until};
use serde_json::{Value, json};
use simulator::Upstream;
use sqlx::{Connection, PgConnection};

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
    let begun = Instant::now();
    let asked = (0..200).map(|_| async { client.get("/readyz").send().await.unwrap().status() });
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    // Two for each look, one look a second, however long the flood takes.
    let count = statements.take().len();
    let looks = usize::try_from(begun.elapsed().as_secs()).unwrap() + 2;
    assert!((1..=2 * looks).contains(&count), "{count} statements");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_of_one_caller_that_come_meanwhile_are_one_statement() {
    const CALLERS: usize = 20;
    let statements = Statements::count();
    let settings = [("WEFT_DATABASE__REF_BATCHES_MAX", "1"), ("WEFT_DATABASE__STATEMENT_TIMEOUT", "60s")];
    let platform = TestPlatform::start_with(&settings).await;
    let (engineer, finops) = (platform.client("engineer"), platform.client("finops"));
    let page = engineer.data("{ components(first: 20) { nodes { ref name } } }", json!({})).await;
    let expected: Vec<(String, String)> = page["components"]["nodes"].as_array().unwrap().iter().map(texts).collect();
    assert_eq!(expected.len(), CALLERS);
    let query = "query($ref: EntityRef!) { component(ref: $ref) { ref name } }";
    statements.take();

    // Whoever reads waits for the lock; so the first statement is under way for as long as we like.
    let mut other = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("lock table entity in access exclusive mode").execute(&mut *lock).await.unwrap();
    let ask = |client: &it::Client, (entity_ref, name): &(String, String)| {
        let (client, entity_ref, name) = (client.clone(), entity_ref.clone(), name.clone());
        tokio::spawn(async move {
            let data = client.data(query, json!({ "ref": entity_ref })).await;
            assert_eq!(texts(&data["component"]), (entity_ref, name));
        })
    };
    let mut asked: Vec<_> = expected.iter().map(|entity| ask(&engineer, entity)).collect();
    asked.push(ask(&finops, &expected[0]));
    let running = || platform.app().admission.counts(Class::Interactive).0;
    until("all are executed", async || (running() == asked.len()).then_some(())).await;
    // Executed is not yet asked of the database.
    tokio::time::sleep(Duration::from_secs(1)).await;
    lock.rollback().await.unwrap();
    for outcome in asked {
        outcome.await.unwrap();
    }
    let looked_up = statements.take().iter().filter(|text| text.contains("entities_by_refs")).count();
    // One under way, one for all who waited; and one of the caller who sees other things.
    assert_eq!(looked_up, 3);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_counts_that_meet_are_one_statement() {
    const CALLERS: usize = 12;
    let statements = Statements::count();
    let platform = TestPlatform::start_with(&[("WEFT_DATABASE__STATEMENT_TIMEOUT", "60s")]).await;
    let query = "{ components { totalCount facets(by: [TYPE, OWNER]) { value count } } }";
    let (engineer, finops) = (platform.client("engineer"), platform.client("finops"));
    let expected = [engineer.data(query, json!({})).await, finops.data(query, json!({})).await];
    statements.take();

    // Whoever counts waits for the lock; so a statement is under way for as long as we like.
    let mut other = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("lock table entity in access exclusive mode").execute(&mut *lock).await.unwrap();
    let ask = |client: &it::Client, expected: &Value| {
        let (client, expected) = (client.clone(), expected.clone());
        tokio::spawn(async move { assert_eq!(client.data(query, json!({})).await, expected) })
    };
    let mut asked: Vec<_> = (0..CALLERS).map(|_| ask(&engineer, &expected[0])).collect();
    asked.push(ask(&finops, &expected[1]));
    // One who goes takes nothing away from the others.
    let gone = ask(&engineer, &expected[0]);
    let running = || platform.app().admission.counts(Class::Interactive).0;
    until("all are executed", async || (running() == asked.len() + 1).then_some(())).await;
    // Executed is not yet asked of the database.
    tokio::time::sleep(Duration::from_secs(1)).await;
    gone.abort();
    lock.rollback().await.unwrap();
    for outcome in asked {
        outcome.await.unwrap();
    }
    let ran = statements.take();
    // Of each of two callers who see different things.
    for name in ["entities_count", "entity_facets"] {
        assert_eq!(ran.iter().filter(|text| text.contains(name)).count(), 2, "{name}: {ran:#?}");
    }
    platform.stop().await;
}

fn texts(entity: &Value) -> (String, String) {
    let text = |field: &str| entity[field].as_str().unwrap().to_owned();
    (text("ref"), text("name"))
}
