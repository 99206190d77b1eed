//! The queue: stored before the answer, worked off behind it, tried again later and later, and set aside in the end.

use std::time::{Duration, Instant};

use it::{Statements, TestPlatform, until};
use simulator::{Fault, Upstream};

use super::{NEW, all_done, connect, counts, deployments, eager, hooks, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_is_answered_at_once_though_its_source_is_down() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_WEBHOOKS__ATTEMPTS_MAX", "1000")])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let (_, told) = eager(&platform);
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 503 });
    let mut times = Vec::new();
    for hook in told.iter().cloned() {
        let begun = Instant::now();
        assert_eq!(network.send(hook.gitlab_token(NEW)).await, [200]);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    // The middle one: a machine that does other things may take its time with one of them.
    assert!(times[times.len() / 2] < Duration::from_secs(2), "{times:?}");
    until("several attempts", async || {
        let most: Option<i32> =
            sqlx::query_scalar("select max(attempts) from webhook_delivery").fetch_one(&mut connection).await.unwrap();
        most.filter(|most| *most > 2)
    })
    .await;
    assert_eq!(deployments(&mut connection).await, 0);
    let count = i64::try_from(told.len()).unwrap();
    assert_eq!(counts(&mut connection).await, (count, 0));
    platform.simulator().faults(Upstream::Gitlab).clear();
    all_done(&mut connection, count).await;
    assert!(deployments(&mut connection).await > 0);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_set_aside_while_its_source_is_away() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_WEBHOOKS__ATTEMPTS_MAX", "2")])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let (_, told) = eager(&platform);
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 503 });
    assert_eq!(network.send(told[0].clone().gitlab_token(NEW)).await, [200]);
    let (attempts, state) = until("more attempts than there may be", async || {
        let row: (i32, String) =
            sqlx::query_as("select attempts, state from webhook_delivery").fetch_one(&mut connection).await.unwrap();
        (row.0 > 4 || row.1 != "pending").then_some(row)
    })
    .await;
    assert_eq!(state, "pending", "after {attempts} attempts");
    platform.simulator().faults(Upstream::Gitlab).clear();
    all_done(&mut connection, 1).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_equal_deliveries_are_one_statement_each_and_one_effect() {
    let platform = TestPlatform::start_with(&with(&[])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let (_, told) = eager(&platform);
    let statements = Statements::count();
    for _ in 0..100 {
        assert_eq!(network.send(told[0].clone().gitlab_token(NEW)).await, [200]);
    }
    all_done(&mut connection, 1).await;
    // The driver tells of a statement a little after its effect can be seen.
    let mut run = Vec::new();
    until("the end of the work is told", async || {
        run.extend(statements.take());
        run.iter().any(|text| text.contains("deliveries_done")).then_some(())
    })
    .await;
    let count = |name: &str| run.iter().filter(|text| text.contains(name)).count();
    assert_eq!(count("deliveries_insert"), 100);
    assert_eq!((count("deliveries_done"), count("deployments_upsert")), (1, 1), "{run:#?}");
    let lists = platform.simulator().calls(Upstream::Gitlab).recent();
    assert_eq!(lists.iter().filter(|call| call.path.ends_with("/deployments")).count(), 1);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_one_object_while_it_is_read_is_read_once_more_together() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_SOURCES__GITLAB__TIMEOUT", "30s")])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let (_, told) = eager(&platform);
    let calls = platform.simulator().calls(Upstream::Gitlab);
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Latency { delay_ms: 4_000 });
    let send = async |number: usize| {
        let hook = told[0].clone().header("idempotency-key", format!("number {number}"));
        network.send(hook.gitlab_token(NEW)).await
    };
    send(0).await;
    let lists = || calls.recent().iter().filter(|call| call.path.ends_with("/deployments")).count();
    until("the first read", async || (lists() == 1).then_some(())).await;
    for number in 1..20 {
        assert_eq!(send(number).await, [200]);
    }
    all_done(&mut connection, 20).await;
    assert_eq!(lists(), 2, "one read at a time, and one for all that came meanwhile");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_good_is_set_aside_and_holds_up_nobody() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_WEBHOOKS__ATTEMPTS_MAX", "3")])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let (_, told) = eager(&platform);
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Garbage);
    network.send(told[0].clone().gitlab_token(NEW)).await;
    let event = simulator::hook::resource_event("11111111-2222-3333-4444-555555555555", "shop", "web", 1);
    assert_eq!(network.send(event.secret("x-weft-secret", NEW)).await, [200]);
    let (attempts, error): (i32, String) = until("it is set aside", async || {
        sqlx::query_as("select attempts, last_error from webhook_delivery where state = 'quarantined'")
            .fetch_optional(&mut connection)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(attempts, 3);
    assert!(error.contains("gitlab") && error.len() <= 500, "{error}");
    assert_eq!(counts(&mut connection).await, (2, 1), "the other one is done");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_double_up_to_their_limit_and_differ() {
    let platform =
        TestPlatform::start_with(&[("WEFT_WEBHOOKS__RETRY_AFTER", "2s"), ("WEFT_WEBHOOKS__RETRY_MAX", "60s")]).await;
    let config = &platform.app().config.webhooks;
    let whole: Vec<u64> = (1..=7).map(|attempt| config.retry_wait(attempt, 1.0).as_secs()).collect();
    assert_eq!(whole, [2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(config.retry_wait(3, 0.0), Duration::from_secs(4));
    assert_eq!(config.retry_wait(i32::MAX, 0.5), Duration::from_secs(45));
    platform.stop().await;
}
