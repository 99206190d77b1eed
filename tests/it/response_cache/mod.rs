//! Whole answers that are kept: what a hit is, what is never kept, what ends it, and that nobody gets another's.

mod changes;
mod principals;

use futures::future::join_all;
use it::{Answer, Client, Statements, TestPlatform, until};
use serde_json::{Value, json};

/// Everything of it may be kept.
const QUERY: &str = "query($first: Int) { components(first: $first) { nodes { ref name title owner { ... on Team { ref name } } } totalCount } }";

/// Switches it on.
const ON: (&str, &str) = ("WEFT_SERVER__RESPONSE_CACHE", "16 MiB");

/// A platform that keeps answers.
async fn platform_with(settings: &[(&str, &str)]) -> TestPlatform {
    let settings: Vec<_> = settings.iter().copied().chain([ON]).collect();
    let platform = TestPlatform::start_with(&settings).await;
    listens(platform.app(), "default").await;
    platform
}

/// Waits until changes are heard of: nothing is kept before.
async fn listens(app: &gateway::App, tenant: &str) {
    let cache = app.response_cache.as_ref().unwrap();
    until("changes are heard of", async || cache.versions().stamp(tenant, tokio::time::Instant::now()).map(drop)).await;
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether it came from what is kept: an age says so, and its absence that it does not.
async fn is_kept(client: &Client, query: &str) -> bool {
    client.data(query, json!({})).await;
    let answer = client.send(query, json!({})).await;
    match (header(&answer, "cache-control"), header(&answer, "age")) {
        ("no-store", "") => false,
        (control, age) if control.starts_with("private, max-age=") && !age.is_empty() => true,
        other => panic!("{query}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_again_costs_no_statement_and_tells_how_old_it_is() {
    let statements = Statements::count();
    let platform = platform_with(&[]).await;
    let client = platform.client("engineer");
    let first = client.send(QUERY, json!({ "first": 20 })).await;
    assert_eq!(header(&first, "cache-control"), "private, max-age=60");
    assert_eq!(header(&first, "vary"), "Accept, Accept-Encoding, Authorization, Origin");
    statements.take();
    let second = client.send(QUERY, json!({ "first": 20 })).await;
    assert_eq!(statements.take(), Vec::<String>::new());
    assert_eq!(second.text, first.text);
    assert_eq!(header(&second, "etag"), header(&first, "etag"));
    assert!(header(&second, "age").parse::<u64>().unwrap() < 60);
    // Another variable is another question.
    client.send(QUERY, json!({ "first": 21 })).await;
    assert!(!statements.take().is_empty());
    // The answer of a kept one is the answer of one that is not.
    let plain = Answer::of(
        client.post().header("X-Query-Receipts", "true").json(&json!({ "query": QUERY, "variables": { "first": 20 } })),
    )
    .await;
    assert_eq!(plain.json()["data"], second.json()["data"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_is_answered_with_304_to_whoever_has_it() {
    let platform = platform_with(&[]).await;
    let client = platform.client("engineer");
    let path = "/graphql?query=%7Bcomponents(first%3A%20100)%7Bnodes%7Bref%20name%7D%7D%7D";
    let first = Answer::of(client.get(path)).await;
    let etag = header(&first, "etag").to_owned();
    assert!(etag.starts_with("W/\""), "{etag}");
    let again = Answer::of(client.get(path).header("If-None-Match", &etag)).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    assert_eq!(header(&again, "etag"), etag);
    let other = Answer::of(client.get(path).header("If-None-Match", "W/\"other\"")).await;
    assert_eq!((other.status.as_u16(), &other.text), (200, &first.text));
    // Compressed it is the same.
    let plain = reqwest::Client::builder().no_gzip().build().unwrap();
    let request = plain.get(format!("{}{path}", platform.url())).bearer_auth(platform.token("engineer"));
    let packed = request.header("Accept-Encoding", "br;q=0, gzip").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&*packed.bytes().await.unwrap()), &mut text)
        .unwrap();
    assert_eq!(text, first.text);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_live_or_failed_or_tells_of_the_caller_is_not_kept() {
    let platform = platform_with(&[]).await;
    let client = platform.client("engineer");
    for query in [
        QUERY,
        "{ entity(ref: \"team:payments\") { name } }",
        "{ deployments(first: 5) { nodes { id status version component { name } } } }",
        "{ cost(query: { range: { from: \"2026-10-01\", to: \"2026-10-31\" } }) { total currency } }",
        "{ components(first: 5) { nodes { relations(first: 2) { nodes { type } } } } }",
    ] {
        assert!(is_kept(&client, query).await, "{query}");
    }
    for query in [
        "{ viewer { subject } components(first: 1) { nodes { name } } }",
        "{ components(first: 2) { nodes { name repository { path } } } }",
        "{ components(first: 2) { nodes { name workloads(first: 1) { nodes { name } } } } }",
        "{ sources { name } }",
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        "{ entities(first: 5) { nodes { ref ... on Location { targets } } } }",
    ] {
        assert!(!is_kept(&client, query).await, "{query}");
    }
    let partial = client
        .send("{ components(first: 1000000) { nodes { name } } team(ref: \"payments\") { name } }", json!({}))
        .await;
    assert_eq!((header(&partial, "cache-control"), header(&partial, "etag")), ("no-store", ""), "{}", partial.text);
    let refused = client.send("{ nothing }", json!({})).await;
    assert_eq!(header(&refused, "cache-control"), "no-store");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_questions_that_meet_are_one() {
    let statements = Statements::count();
    let platform = platform_with(&[]).await;
    let client = platform.client("engineer");
    client.data("{ viewer { subject } }", json!({})).await;
    statements.take();
    let answers = join_all((0..50).map(|_| client.data(QUERY, json!({ "first": 50 })))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let run = statements.take();
    assert!(run.len() <= 6, "{} statements for 50 equal questions: {run:#?}", run.len());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_costs_one_point() {
    // So long that no point comes back meanwhile.
    let settings = [("WEFT_LIMITS__RATE__POINTS", "100000"), ("WEFT_LIMITS__RATE__WINDOW", "30d")];
    let platform = platform_with(&settings).await;
    let client = platform.client("engineer");
    let priced = async || {
        let body = json!({ "query": QUERY, "variables": { "first": 50 } });
        Answer::of(client.post().header("X-Query-Cost", "true").json(&body)).await.json()
    };
    let (first, second): (Value, Value) = (priced().await, priced().await);
    assert_eq!(first["data"], second["data"]);
    assert!(first["extensions"]["cost"]["actual"].as_u64().unwrap() > 50, "{}", first["extensions"]);
    assert_eq!(second["extensions"]["cost"]["actual"], 1);
    let spent = first["extensions"]["cost"]["remaining"].as_u64().unwrap()
        - second["extensions"]["cost"]["remaining"].as_u64().unwrap();
    assert_eq!(spent, 1);
    platform.stop().await;
}
