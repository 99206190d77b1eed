//! `@fresh` and receipts: how old live data is, and that nothing older than asked for is ever given.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use it::{Answer, Client, TestRedis};
use serde_json::{Value, json};
use simulator::Fault;
use sources::Clock;

use super::{PATH, Rig, Upstream, name};

const QUERY: &str =
    "query($age: Int!) { component(ref: \"payments-api\") { repository @fresh(maxAgeSeconds: $age) { path } } }";

/// Asks for data no older than this, with receipts.
async fn ask(client: &Client, age: i64) -> Value {
    let body = json!({ "query": QUERY, "variables": { "age": age } });
    Answer::of(client.post().header("X-Query-Receipts", "true").json(&body)).await.json()
}

fn receipt(answer: &Value) -> &Value {
    assert!(answer.get("errors").is_none(), "{answer}");
    let receipts = answer["extensions"]["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 1, "{answer}");
    &receipts[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_as_old_as_the_caller_accepts_and_says_so() {
    let rig = Rig::alone(&[]).await;
    let client = rig.platform.client("engineer");
    let answer = ask(&client, 5).await;
    assert_eq!(answer["data"]["component"]["repository"]["path"], PATH);
    assert_eq!(receipt(&answer)["layer"], "source");
    assert_eq!(receipt(&answer)["path"], json!(["component", "repository"]));
    rig.wait(4);
    let kept = ask(&client, 5).await;
    assert_eq!(receipt(&kept)["layer"], "memory");
    assert_eq!(receipt(&kept)["fetchedAt"], receipt(&answer)["fetchedAt"]);
    assert!((4_000..6_000).contains(&receipt(&kept)["ageMs"].as_i64().unwrap()), "{kept}");
    rig.wait(4);
    // Within its life in the cache, and older than this caller accepts.
    assert_eq!(receipt(&ask(&client, 5).await)["layer"], "source");
    assert_eq!(receipt(&ask(&client, 0).await)["layer"], "source", "0 always asks");
    assert_eq!(rig.calls(), 3);
    let other = client.query("{ component(ref: \"payments-api\") { repository { path } } }", json!({})).await;
    assert!(other.get("extensions").is_none(), "receipts are told only when asked for: {other}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_so_fresh_is_null_with_an_error_though_older_is_known() {
    let rig = Rig::alone(&[]).await;
    let client = rig.platform.client("engineer");
    name(&client).await;
    rig.wait(60);
    rig.platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 500 });
    let answer = ask(&client, 5).await;
    assert_eq!(answer["data"]["component"]["repository"], Value::Null, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["source"], "gitlab", "{answer}");
    assert!(ask(&client, 600).await.get("errors").is_none(), "what is known is young enough for this caller");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_age_below_the_field_counts_for_it_and_a_negative_one_is_refused() {
    let rig = Rig::alone(&[]).await;
    let client = rig.platform.client("engineer");
    name(&client).await;
    rig.wait(10);
    let query = "fragment P on Repository { latestPipeline @fresh(maxAgeSeconds: 5) { status } }
        { component(ref: \"payments-api\") { repository { name ...P } } }";
    client.data(query, json!({})).await;
    assert_eq!(rig.calls(), 2, "the pipeline comes with the repository");
    let answer = client.send(QUERY, json!({ "age": -1 })).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT", "{}", answer.text);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_replicas_answer_is_taken_when_it_is_young_enough() {
    let Some(redis) = TestRedis::shared().await else { return };
    let rig = Rig::with(redis, &[]).await;
    let other = rig.platform.replica().await;
    ask(&rig.platform.client("engineer"), 5).await;
    super::replicas::kept(&rig, 1).await;
    assert_eq!(receipt(&ask(&other.engineer(), 5).await)["layer"], "shared");
    rig.wait(6);
    assert_eq!(receipt(&ask(&other.engineer(), 5).await)["layer"], "source");
    other.stop().await;
    rig.stop().await;
}

/// Ten thousand tries while GitLab is slow, fails, resets and throttles, under real time.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_older_is_given_in_ten_thousand_tries_under_faults() {
    const AGE_S: i64 = 1;
    let rig = Rig::alone(&[
        ("WEFT_SOURCES__GITLAB__TIMEOUT", "20s"),
        ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "30s"),
        ("WEFT_SOURCES__GITLAB__BREAKER__OPEN_FOR", "100ms"),
        ("WEFT_LIMITS__RATE__POINTS", "1000000000"),
        ("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "1000000"),
    ])
    .await;
    let faults = rig.platform.simulator().faults(Upstream::Gitlab);
    let (mut served, mut refused) = (0, 0);
    let kinds = [
        None,
        Some(Fault::LatencySpread { min_ms: 5, max_ms: 1_500 }),
        Some(Fault::Status { code: 502 }),
        Some(Fault::Latency { delay_ms: 900 }),
        Some(Fault::BrokenBody),
    ];
    for round in 0..50 {
        match &kinds[round % kinds.len()] {
            Some(fault) => faults.always(fault.clone()),
            None => faults.clear(),
        }
        let answers = join_all((0..200).map(|_| async {
            let asked_at = Clock::system().now();
            (asked_at, ask(&rig.platform.client("engineer"), AGE_S).await)
        }))
        .await;
        for (asked_at, answer) in answers {
            if answer.get("errors").is_some() {
                assert_eq!(answer["data"]["component"]["repository"], Value::Null, "{answer}");
                refused += 1;
                continue;
            }
            let fetched_at: DateTime<Utc> = receipt(&answer)["fetchedAt"].as_str().unwrap().parse().unwrap();
            // Told in milliseconds.
            let age = asked_at - fetched_at - TimeDelta::milliseconds(1);
            assert!(age <= TimeDelta::seconds(AGE_S), "{age} old when it was asked for: {answer}");
            served += 1;
        }
    }
    println!("{served} served, {refused} refused, {} calls", rig.calls());
    assert!(rig.calls() > 20, "GitLab was asked too seldom for anything to grow old: {} calls", rig.calls());
    assert!(served > 1_000 && served + refused == 10_000, "{served} served, {refused} refused");
    // A receipt's moment is the one at which GitLab was asked, by its own log.
    faults.clear();
    let answer = ask(&rig.platform.client("engineer"), 0).await;
    let fetched_at: DateTime<Utc> = receipt(&answer)["fetchedAt"].as_str().unwrap().parse().unwrap();
    let log = rig.platform.simulator().calls(Upstream::Gitlab).recent();
    let asked = log.iter().rev().find(|call| call.full_paths.is_some()).unwrap().at;
    assert!((asked - fetched_at).abs() < TimeDelta::seconds(1), "{asked} and {fetched_at}");
    rig.stop().await;
}
