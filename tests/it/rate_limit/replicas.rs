//! Replicas share accounts through Redis, and without it each goes on with its share.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use it::{Client, TestPlatform, TestRedis, until};
use serde_json::json;

const QUERY: &str = "{ viewer { subject } }";

async fn platform_with(redis: &TestRedis, settings: &[(&str, &str)]) -> TestPlatform {
    let of_redis = redis.settings();
    let of_redis = of_redis.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let settings: Vec<_> = of_redis.chain(settings.iter().copied()).collect();
    TestPlatform::start_with(&settings).await
}

/// How many of so many requests are let in, eight at once, spread over these clients.
async fn let_in(clients: &[Client], requests: usize) -> usize {
    let asked = (0..requests).map(|at| clients[at % clients.len()].send(QUERY, json!({})));
    let answers: Vec<_> = stream::iter(asked).buffer_unordered(2).collect().await;
    for answer in &answers {
        assert!([200, 429].contains(&answer.status.as_u16()), "{}", answer.text);
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}

async fn both_count(platform: &TestPlatform, other: &it::Replica) {
    until("both replicas count two", async || {
        let count = |app: &gateway::App| app.sources.redis().and_then(sources::redis::Redis::replicas);
        (count(platform.app()) == Some(2) && count(other.app()) == Some(2)).then_some(())
    })
    .await;
}

async fn share_one_account(redis: TestRedis) {
    let platform = platform_with(&redis, &super::limited("100", "1h")).await;
    let other = platform.replica().await;
    // Until it has a connection, each counts for itself.
    both_count(&platform, &other).await;
    let clients = [platform.client("engineer"), other.engineer()];
    // All at once, so that what one holds back is not missing for the other in the end.
    let first = let_in(&clients, 300).await;
    // A replica that waits too long for Redis counts alone for once, and tells it later.
    assert!((80..=120).contains(&first), "{first} of one account of 100 points");
    let more = let_in(&clients, 20).await;
    assert!(more <= 10 && first + more <= 125, "{first} and {more}");
    other.stop().await;
    platform.stop().await;
    redis.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_let_in_as_much_as_one() {
    let Some(redis) = TestRedis::shared().await else { return };
    share_one_account(redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_counts_as_well() {
    let Some(redis) = TestRedis::cluster().await else { return };
    share_one_account(redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_replica_has_its_share_and_of_what_was_left() {
    let Some(mut redis) = TestRedis::own().await else { return };
    let platform = platform_with(&redis, &super::limited("100", "1h")).await;
    let other = platform.replica().await;
    both_count(&platform, &other).await;
    let clients = [platform.client("engineer"), other.engineer()];
    assert_eq!(let_in(&clients, 40).await, 40);
    redis.kill().await;
    // 60 were left: no replica knows better than that half of them are its own.
    let alone = let_in(&clients, 200).await;
    assert!((40..=75).contains(&alone), "{alone} were let in without Redis");
    // Back and empty, it is told what was spent meanwhile.
    redis.revive().await;
    for app in [platform.app(), other.app()] {
        until("Redis is back", async || app.sources.redis().unwrap().is_up().await.then_some(())).await;
    }
    let again = let_in(&clients, 200).await;
    assert!(again <= 2, "{again} were let in by a Redis that had forgotten");
    other.stop().await;
    platform.stop().await;
    redis.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_costs_one_command_and_limits_stay() {
    let Some(mut redis) = TestRedis::own().await else { return };
    let platform = platform_with(&redis, &super::limited("50", "1h")).await;
    let client = platform.client("engineer");
    assert_eq!(let_in(std::slice::from_ref(&client), 5).await, 5);
    redis.hang().await;
    // Asked again and again, as nothing is held: the breaker opens after some.
    let started = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut admitted = 0;
    for _ in 0..60 {
        let begun = Instant::now();
        admitted += usize::from(client.send(QUERY, json!({})).await.status == 200);
        slowest = slowest.max(begun.elapsed());
    }
    assert!(admitted <= 45, "{admitted} were let in of 45 that were left");
    assert!(admitted >= 40, "{admitted} were let in of 45 that were left");
    println!("60 requests took {:?}, the slowest {slowest:?}", started.elapsed());
    redis.go_on().await;
    platform.stop().await;
    redis.stop().await;
}
