//! Who leaves stops its work; what others wait for goes on.

use std::time::{Duration, Instant};

use gateway::admission::Class;
use it::{TestPlatform, until};
use serde_json::json;
use simulator::{Fault, Upstream};
use sqlx::{Connection, PgConnection};

use super::SLOW;

/// How long work may go on that nobody waits for: half of what a statement may take. On a machine that is at rest it is 30 and 90 ms.
const WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_stops_its_operation_and_its_statement() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "{ components(first: 5) { nodes { name } } }";
    client.data(query, json!({})).await;
    let mut locker = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut looker = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut lock = locker.begin().await.unwrap();
    sqlx::query("lock table entity in access exclusive mode").execute(&mut *lock).await.unwrap();
    let mut waiting = async || -> i64 {
        let text =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        sqlx::query_scalar(text).fetch_one(&mut looker).await.unwrap()
    };
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.send(query, json!({})).await }
    });
    until("the statement waits for the lock", async || (waiting().await > 0).then_some(())).await;
    asking.abort();
    let left = Instant::now();
    let running = || platform.app().admission.counts(Class::Interactive).0;
    until("the operation is given up", async || (running() == 0).then_some(())).await;
    let operation = left.elapsed();
    until("the statement is given up", async || (waiting().await == 0).then_some(())).await;
    let statement = left.elapsed();
    println!("given up: the operation after {operation:?}, its statement after {statement:?}");
    assert!(operation < WITHIN, "the operation went on for {operation:?}");
    assert!(statement < WITHIN, "the statement went on for {statement:?}");
    lock.rollback().await.unwrap();
    client.data(query, json!({})).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_waits_for_goes_on() {
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__GITLAB__TIMEOUT", "20s")]).await;
    let client = platform.client("engineer");
    client.data("{ viewer { subject } }", json!({})).await;
    let calls = || {
        platform
            .simulator()
            .calls(Upstream::Gitlab)
            .recent()
            .iter()
            .filter(|call| call.full_paths.unwrap_or(0) > 0)
            .count()
    };
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Latency { delay_ms: 2_500 });
    let before = calls();
    let ask = || {
        let client = client.clone();
        tokio::spawn(async move { client.data(SLOW, json!({ "ref": "payments-api" })).await })
    };
    let (leaving, staying) = (ask(), ask());
    until("both wait", async || (platform.app().admission.counts(Class::Interactive).0 == 2).then_some(())).await;
    until("GitLab is asked", async || (calls() > before).then_some(())).await;
    leaving.abort();
    let answer = staying.await.unwrap();
    assert_eq!(answer["component"]["repository"]["path"], "money/payments-api");
    assert_eq!(calls() - before, 1, "the call of the one who left was lost to the other");
    platform.stop().await;
}
