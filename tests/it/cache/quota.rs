//! What an upstream allows is shared by all replicas, and what it says of it is obeyed.

use std::time::Duration;

use futures::future::join_all;
use it::{TestPlatform, TestRedis, until};
use serde_json::{Value, json};
use simulator::Fault;

use super::{Rig, Upstream, ask};

const QUERY: &str = "{ component(ref: \"payments-api\") { repository { path } } }";

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_stay_within_a_quota_and_serve_the_rest_from_what_is_known() {
    let Some(redis) = TestRedis::shared().await else { return };
    let (calls, window) = (20, Duration::from_secs(2));
    let settings = [
        ("WEFT_SOURCES__GITLAB__QUOTA__CALLS", "20"),
        ("WEFT_SOURCES__GITLAB__QUOTA__WINDOW", "2s"),
        ("WEFT_SOURCES__GITLAB__CACHE__FRESH", "0s"),
        ("WEFT_SOURCES__GITLAB__PROBE_INTERVAL", "1h"),
    ];
    let rig = Rig::with(redis, &settings).await;
    let other = rig.platform.replica().await;
    let clients = [rig.platform.client("engineer"), other.engineer()];
    assert!(ask(&clients[0], "payments-api").await.get("errors").is_none());
    let gitlab = rig.platform.simulator();
    gitlab.quota(Upstream::Gitlab).set(Some((calls, window)));
    gitlab.calls(Upstream::Gitlab).reset();
    let (mut asked, mut stale) = (0, 0);
    // More calls than one window allows, so that the window's end lies among them.
    while gitlab.calls(Upstream::Gitlab).count() < 30 {
        let answers = join_all((0..20).map(|n| clients[n % 2].query(QUERY, json!({})))).await;
        for answer in answers {
            assert!(answer.get("errors").is_none(), "{answer}");
            asked += 1;
            stale += usize::from(answer["extensions"]["stale"].is_array());
        }
    }
    let log = gitlab.calls(Upstream::Gitlab).recent();
    println!("{asked} asked, {stale} stale, {} calls", log.len());
    // How much more depends on the machine.
    assert!(asked > log.len(), "the demand was not above the quota");
    assert!(log.iter().all(|call| call.status != Some(429)), "GitLab refused a call");
    assert!(log.len() >= 30, "{} calls: the quota lies idle", log.len());
    assert!(stale > asked / 2, "{stale} of {asked} were marked as stale");
    let quota = rig
        .platform
        .client("engineer")
        .data("{ sources { name quota { limit remaining windowSeconds } } }", json!({}))
        .await;
    let told = quota["sources"].as_array().unwrap().iter().find(|source| source["name"] == "gitlab").unwrap();
    assert_eq!(told["quota"]["limit"], 20, "{told}");
    assert_eq!(told["quota"]["windowSeconds"], 2, "{told}");
    other.stop().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_told_to_one_replica_is_obeyed_by_the_other() {
    let Some(redis) = TestRedis::shared().await else { return };
    let rig = Rig::with(redis, &[]).await;
    let other = rig.platform.replica().await;
    let gitlab = rig.platform.simulator();
    gitlab.faults(Upstream::Gitlab).always(Fault::Throttled { retry_after_seconds: Some(30) });
    let refused = ask(&rig.platform.client("engineer"), "payments-api").await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UPSTREAM_THROTTLED", "{refused}");
    assert!((25..=30).contains(&refused["errors"][0]["extensions"]["retryAfter"].as_i64().unwrap()), "{refused}");
    gitlab.faults(Upstream::Gitlab).clear();
    gitlab.calls(Upstream::Gitlab).reset();
    let held_back = ask(&other.engineer(), "ledger-api").await;
    assert_eq!(held_back["errors"][0]["extensions"]["code"], "UPSTREAM_THROTTLED", "{held_back}");
    assert_eq!(rig.calls(), 0);
    other.stop().await;
    rig.stop().await;
}

/// Each question is one of its own, so that none is answered by another's call.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_upstream_gets_at_most_a_tenth_more_calls_than_were_asked() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_SOURCES__GITLAB__BREAKER__FAILURES_MAX", "1000000"),
        ("WEFT_SOURCES__GITLAB__PROBE_INTERVAL", "1h"),
    ])
    .await;
    let client = platform.client("admin");
    let refs = client.data("{ components(first: 100) { nodes { ref } } }", json!({})).await;
    let refs: Vec<Value> =
        refs["components"]["nodes"].as_array().unwrap().iter().map(|node| node["ref"].clone()).collect();
    let gitlab = platform.simulator();
    // The probe at the start must not count.
    let probed = || gitlab.calls(Upstream::Gitlab).recent().iter().any(|call| call.status.is_some());
    until("the probe", async || probed().then_some(())).await;
    gitlab.faults(Upstream::Gitlab).always(Fault::Status { code: 502 });
    gitlab.calls(Upstream::Gitlab).reset();
    let query = "query($ref: EntityRef!) { component(ref: $ref) { repository { path } } }";
    let mut failed = 0;
    for reference in &refs {
        let answer = client.query(query, json!({ "ref": reference })).await;
        failed += usize::from(answer.get("errors").is_some());
    }
    let calls = gitlab.calls(Upstream::Gitlab).count();
    println!("{calls} calls for {failed} questions");
    assert!(failed > 50, "{failed} questions had a repository");
    let most = u64::try_from(failed).unwrap() * 11 / 10;
    assert!(calls > u64::try_from(failed).unwrap() && calls <= most, "{calls} calls for {failed} questions");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_reset_is_tried_again_and_nobody_notices() {
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__GITLAB__PROBE_INTERVAL", "1h")]).await;
    let client = platform.client("admin");
    let query = "query($ref: EntityRef!) { component(ref: $ref) { repository { path } } }";
    // Ten calls earn a retry.
    let refs = client.data("{ components(first: 40) { nodes { ref } } }", json!({})).await;
    for node in refs["components"]["nodes"].as_array().unwrap() {
        client.data(query, json!({ "ref": node["ref"] })).await;
    }
    platform.simulator().faults(Upstream::Gitlab).next_calls(1, Fault::Drop);
    let refs = client.data("{ components(first: 100) { nodes { ref repository { path } } } }", json!({})).await;
    assert!(refs["components"]["nodes"].as_array().unwrap().len() > 40);
    platform.stop().await;
}
