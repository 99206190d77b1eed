//! What replicas share through Redis, and what they must not take for an entry.

use std::collections::BTreeSet;

use futures::future::join_all;
use it::{TestRedis, until};
use redis::cmd;
use serde_json::json;
use simulator::Fault;

use super::{Rig, Upstream, ask, name, name_becomes};

const QUERY: &str = "{ components(filter: { owner: [\"group:default/payments\"] }, first: 50) {
    nodes { ref repository { path latestPipeline { status } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_fetched_the_other_serves() {
    let Some(redis) = TestRedis::shared().await else { return };
    shared_by_two(redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_does_the_same() {
    let Some(redis) = TestRedis::cluster().await else { return };
    shared_by_two(redis).await;
}

async fn shared_by_two(redis: TestRedis) {
    let rig = Rig::with(redis, &[]).await;
    let other = rig.platform.replica().await;
    // A gateway does not wait long for a connection when it starts.
    for app in [rig.platform.app(), other.app()] {
        until("Redis is there", async || app.sources.redis().unwrap().is_up().await.then_some(())).await;
    }
    let first = rig.platform.client("engineer").data(QUERY, json!({})).await;
    let nodes = first["components"]["nodes"].as_array().unwrap();
    let paths: BTreeSet<_> = nodes.iter().filter_map(|node| node["repository"]["path"].as_str()).collect();
    kept(&rig, paths.len()).await;
    assert_eq!(other.engineer().data(QUERY, json!({})).await, first);
    assert_eq!(rig.calls(), 1);
    assert_eq!(rig.redis().keys("{lease}").await, Vec::<String>::new(), "a lease was not given back");
    // What one evicts is gone for the other too.
    let old = name(&other.engineer()).await;
    rig.rename("Renamed");
    assert_eq!(name(&other.engineer()).await, old);
    rig.platform.app().sources.gitlab().unwrap().evict_projects(&["money/payments-api".to_owned()]).await;
    name_becomes(&other.engineer(), "Renamed").await;
    assert_eq!(name(&rig.platform.client("engineer")).await, "Renamed");
    assert_eq!(rig.calls(), 2, "the eviction of one project is the call of one replica");
    other.stop().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_cold_queries_of_two_replicas_are_at_most_two_calls() {
    let Some(redis) = TestRedis::shared().await else { return };
    let rig = Rig::with(
        redis,
        &[
            ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "9m"),
            ("WEFT_SERVER__REQUEST_TIMEOUT", "9m"),
            ("WEFT_SOURCES__GITLAB__CACHE__FRESH", "10m"),
            ("WEFT_SERVER__REQUESTS_IN_FLIGHT_MAX", "2000"),
            // Half of it is the life of the lease.
            ("WEFT_SOURCES__GITLAB__TIMEOUT", "60s"),
        ],
    )
    .await;
    let other = rig.platform.replica().await;
    rig.platform.simulator().faults(Upstream::Gitlab).always(Fault::Latency { delay_ms: 1_500 });
    let clients = [rig.platform.client("engineer"), other.engineer()];
    // Nothing that moves by itself: between the two calls that are allowed a pipeline may have begun to run.
    let query = QUERY.replace("latestPipeline { status }", "webUrl defaultBranch");
    let answers = join_all((0..1_000).map(|n| clients[n % 2].data(&query, json!({})))).await;
    for answer in &answers {
        assert_eq!(*answer, answers[0], "equal questions had different answers");
    }
    println!("{} calls", rig.calls());
    assert!((1..=2).contains(&rig.calls()), "{} calls", rig.calls());
    other.stop().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_waits_for_the_other_and_asks_itself_when_that_one_is_gone() {
    let Some(redis) = TestRedis::shared().await else { return };
    let rig = Rig::with(redis, &[("WEFT_SOURCES__GITLAB__TIMEOUT", "20s")]).await;
    let other = rig.platform.replica().await;
    // One fetches, slowly; the other wants the same meanwhile.
    let gitlab = rig.platform.simulator();
    gitlab.faults(Upstream::Gitlab).always(Fault::Latency { delay_ms: 2_000 });
    let client = rig.platform.client("engineer");
    let first = tokio::spawn(async move { name(&client).await });
    until("a lease", async || (!rig.redis().keys("{lease}").await.is_empty()).then_some(())).await;
    assert_eq!(name(&other.engineer()).await, first.await.unwrap());
    assert_eq!(rig.calls(), 1, "both asked");
    gitlab.faults(Upstream::Gitlab).clear();
    kept(&rig, 1).await;
    let entry = rig.redis().keys(":entry:").await.remove(0);
    let lease = entry.replace(":entry:", ":{lease}:");
    // Somebody else fetches, and dies: the lease ends by itself.
    rig.redis().run::<()>(cmd("DEL").arg(&entry)).await;
    rig.redis().run::<()>(cmd("SET").arg(&lease).arg("another").arg("PX").arg(300)).await;
    let third = rig.platform.replica().await;
    assert!(!name(&third.engineer()).await.is_empty());
    assert_eq!(rig.calls(), 2);
    third.stop().await;
    other.stop().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_corrupt_or_of_another_release_is_absent() {
    let Some(redis) = TestRedis::shared().await else { return };
    let rig = Rig::with(redis, &[]).await;
    let good = name(&rig.platform.client("engineer")).await;
    kept(&rig, 1).await;
    let entry = rig.redis().keys(":entry:").await.remove(0);
    let bytes: Vec<u8> = rig.redis().run(cmd("GET").arg(&entry)).await;
    let text = String::from_utf8(bytes.clone()).unwrap();
    let forms = [
        Vec::new(),
        b"\xff\x00garbage".to_vec(),
        b"{}".to_vec(),
        bytes[..bytes.len() / 2].to_vec(),
        text.replace("payments-api", "ledger").into_bytes(),
        text.replace("fetched_at", "read_at").into_bytes(),
    ];
    let mut calls = rig.calls();
    for form in forms {
        rig.redis().run::<()>(cmd("SET").arg(&entry).arg(&form)).await;
        let other = rig.platform.replica().await;
        assert_eq!(name(&other.engineer()).await, good);
        calls += 1;
        assert_eq!(rig.calls(), calls, "{:?} was taken for an entry", String::from_utf8_lossy(&form));
        // The replica's own entry comes after its answer, and must not come after the next form.
        let kept = async || (rig.redis().run::<Vec<u8>>(cmd("GET").arg(&entry)).await != form).then_some(());
        until("the entry is written over", kept).await;
        other.stop().await;
    }
    // Under the name of another format: as though it were not there.
    assert!(entry.contains(":entry:1."), "{entry}");
    rig.redis().run::<()>(cmd("RENAME").arg(&entry).arg(entry.replace(":entry:1.", ":entry:0."))).await;
    let other = rig.platform.replica().await;
    assert_eq!(name(&other.engineer()).await, good);
    assert_eq!(rig.calls(), calls + 1);
    other.stop().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_replicas_keep_ends_by_itself_and_large_entries_stay_in_process() {
    let Some(redis) = TestRedis::shared().await else { return };
    let rig = Rig::with(redis, &[("WEFT_REDIS__RETENTION_MAX", "100s")]).await;
    ask(&rig.platform.client("engineer"), "payments-api").await;
    kept(&rig, 1).await;
    rig.platform.app().sources.gitlab().unwrap().evict_projects(&["money/payments-api".to_owned()]).await;
    for key in rig.redis().keys("").await {
        let life: i64 = rig.redis().run(cmd("PTTL").arg(&key)).await;
        assert!((1..=160_000).contains(&life), "{key} lives for {life} ms");
    }
    rig.stop().await;
    let Some(redis) = TestRedis::shared().await else { return };
    let rig = Rig::with(redis, &[("WEFT_REDIS__ENTRY_BYTES_MAX", "100 B")]).await;
    ask(&rig.platform.client("engineer"), "payments-api").await;
    ask(&rig.platform.client("engineer"), "payments-api").await;
    assert_eq!(rig.calls(), 1);
    kept(&rig, 1).await;
    let entry = rig.redis().keys(":entry:").await.remove(0);
    let mark: String = rig.redis().run(cmd("GET").arg(&entry)).await;
    assert_eq!(mark, "too large");
    // Nobody waits for what will not come: the lease that somebody holds is of no interest.
    let lease = entry.replace(":entry:", ":{lease}:");
    rig.redis().run::<()>(cmd("SET").arg(&lease).arg("another").arg("PX").arg(100_000)).await;
    let other = rig.platform.replica().await;
    assert!(!name(&other.engineer()).await.is_empty());
    assert_eq!(rig.calls(), 2);
    other.stop().await;
    rig.stop().await;
}

/// Waits until Redis has so many entries at least and no lease: they come after the answer.
pub async fn kept(rig: &Rig, count: usize) {
    let is_kept = async || {
        let is_kept = rig.redis().keys(":entry:").await.len() >= count && rig.redis().keys("{lease}").await.is_empty();
        is_kept.then_some(())
    };
    until("entries in Redis", is_kept).await;
}
