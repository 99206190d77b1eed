//! Charges, billing periods and sources.

use it::{EventStream, TestPlatform, until};
use serde_json::json;

use crate::cost::{Folder, Importer, Line};

const COSTS: &str = "subscription { costChanged { __typename
    ... on CostDataChange { cursor from to }
    ... on BillingPeriodChange { cursor kind billingPeriod { from to invoiceIssuer } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn an_import_tells_which_days_to_ask_for_again() {
    let platform = TestPlatform::start().await;
    let folder = Folder::new("live-cost");
    let importer = Importer::of(&platform);
    let mut at_finops = EventStream::open(&platform.client("finops"), COSTS, json!({})).await;
    let mut at_engineer = EventStream::open(&platform.client("engineer"), COSTS, json!({})).await;
    let path = folder.write(
        "march.csv",
        &[Line::new("1.25", "2024-03-05", "payments-api"), Line::new("2.50", "2024-03-09", "payments-api")],
    );
    importer.done(&path).await;
    let days = |event: &serde_json::Value| (event["from"].clone(), event["to"].clone());
    for events in [&mut at_finops, &mut at_engineer] {
        let event = events.next("costChanged").await;
        assert_eq!(event["__typename"], "CostDataChange", "{event}");
        assert_eq!(days(&event), (json!("2024-03-05"), json!("2024-03-09")));
    }
    // Who may not see everybody's charges is not told of periods that may hold none of theirs.
    let period = at_finops.next("costChanged").await;
    assert_eq!((&period["__typename"], &period["kind"]), (&json!("BillingPeriodChange"), &json!("CREATED")));
    assert_eq!(period["billingPeriod"]["from"], "2024-03-01");
    let path = folder.write("march.csv", &[Line::new("3.25", "2024-03-07", "payments-api")]);
    importer.done(&path).await;
    let event = at_engineer.next("costChanged").await;
    assert_eq!(days(&event), (json!("2024-03-05"), json!("2024-03-09")), "what was replaced counts as well: {event}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_is_told() {
    let platform = TestPlatform::start_with(&[("WEFT_LIVE__SOURCES_EVERY", "5s")]).await;
    let sources = &platform.app().sources;
    let answers = async || {
        sources.probe().await;
        let records = sources.records();
        records.iter().any(|one| one.name == "gitlab" && one.status == schema::SourceStatus::Healthy).then_some(())
    };
    until("GitLab answers", answers).await;
    let query =
        "subscription { sourceChanged { ... on SourceChange { cursor id changedFields source { id name status } } } }";
    let mut events = EventStream::open(&platform.client("engineer"), query, json!({})).await;
    let health = sources.connectors().into_iter().find(|one| one.name() == "gitlab").unwrap().upstream().health();
    let failing = async {
        loop {
            (0..10).for_each(|_| health.failed("no answer".to_owned()));
            // A probe may find it well again before anybody has looked.
            until("it is taken to be well", async || {
                let records = sources.records();
                records
                    .iter()
                    .any(|one| one.name == "gitlab" && one.status == schema::SourceStatus::Healthy)
                    .then_some(())
            })
            .await;
        }
    };
    let event = tokio::select! {
        () = failing => unreachable!("it fails without end"),
        event = events.next("sourceChanged") => event,
    };
    assert_eq!(event["changedFields"], json!(["status"]), "{event}");
    assert_eq!((&event["source"]["name"], &event["source"]["id"]), (&json!("gitlab"), &event["id"]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_has_ended_is_told_once_and_then_nothing_more() {
    let platform = TestPlatform::start().await;
    let engineer = platform.client("engineer");
    let query = "{ component(ref: \"payments-api\") { repository { pipelines(first: 20) { nodes { id status } } } } }";
    let data = engineer.data(query, json!({})).await;
    let pipelines = data["component"]["repository"]["pipelines"]["nodes"].as_array().unwrap().clone();
    let ended = pipelines.iter().find(|pipeline| pipeline["status"] == "SUCCESS").unwrap();
    let follow = "subscription($id: ID!, $after: String) { jobProgress(id: $id, after: $after) {
        ... on JobProgress { cursor id isFinal job { __typename ... on Pipeline { status } } } } }";
    let mut events = EventStream::open(&engineer, follow, json!({ "id": ended["id"] })).await;
    let event = events.next("jobProgress").await;
    assert_eq!((&event["id"], &event["isFinal"]), (&ended["id"], &json!(true)), "{event}");
    assert_eq!(event["job"], json!({ "__typename": "Pipeline", "status": "SUCCESS" }));
    assert_eq!(events.event().await.unwrap().name, "complete");
    assert_eq!(events.event().await, None);
    // Whoever saw its end is told nothing new.
    let again = json!({ "id": ended["id"], "after": event["cursor"] });
    assert_eq!(EventStream::open(&engineer, follow, again).await.event().await.unwrap().name, "complete");
    for id in ["x", data["component"]["id"].as_str().unwrap_or("Q29tcG9uZW50OjE")] {
        let body = json!({ "query": follow, "variables": { "id": id } });
        let answer = it::Answer::of(engineer.post().header("accept", "text/event-stream").json(&body)).await;
        assert!(answer.text.contains("BAD_USER_INPUT"), "{}", answer.text);
    }
    platform.stop().await;
}
