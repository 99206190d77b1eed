//! The change log: what commits late is read late, and never skipped.

use std::time::{Duration, Instant};

use it::TestPlatform;
use serde_json::json;
use sources::postgres::ChangePosition;
use sqlx::{Connection, PgConnection};

const INSERT: &str = "insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
    values ('default', 'entity', 'UPDATED', $1, gen_random_uuid(), '{}')";

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_late_is_never_skipped() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut early = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut late = PgConnection::connect(&platform.database_url()).await.unwrap();
    let start = ChangePosition { transaction_id: 0, position: 0 };
    let refs = async |after: &ChangePosition| -> Vec<(String, ChangePosition)> {
        let changes = platform.database().changes_after(after, 100).await.unwrap();
        changes.into_iter().map(|change| (change.object_ref, change.position)).collect()
    };
    // Transactions of other databases of the server hold readers back too, so what has committed may take a moment.
    let refs_once_there = async |after: &ChangePosition| -> Vec<(String, ChangePosition)> {
        let started = Instant::now();
        loop {
            let found = refs(after).await;
            if !found.is_empty() {
                return found;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "a committed change does not show");
        }
    };

    let mut slow = late.begin().await.unwrap();
    sqlx::query(INSERT).bind("slow").execute(&mut *slow).await.unwrap();
    sqlx::query(INSERT).bind("quick").execute(&mut early).await.unwrap();
    assert_eq!(refs(&start).await, [], "a reader passed a transaction that still runs");
    slow.commit().await.unwrap();
    let seen = refs_once_there(&start).await;
    assert_eq!(seen.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["slow", "quick"]);
    assert_eq!(refs(&seen[1].1).await, [], "something was read twice");
    sqlx::query(INSERT).bind("next").execute(&mut early).await.unwrap();
    let next = refs_once_there(&seen[1].1).await;
    assert_eq!(next.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["next"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_the_catalog_stands_in_the_log_once() {
    let platform = TestPlatform::start().await;
    let newest = platform.database().change_newest().await.unwrap();
    let remove = "mutation { removeEntity(input: { ref: \"component:default/lunch-menu\" }) { userErrors { code } } }";
    platform.client("admin").data(remove, json!({})).await;
    let started = Instant::now();
    let mut changes = Vec::new();
    while changes.is_empty() {
        assert!(started.elapsed() < Duration::from_secs(60), "the change does not show");
        changes = platform.database().changes_after(&newest, 100).await.unwrap();
    }
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0].object_ref, "component:default/lunch-menu");
    assert_eq!(changes[0].kind, schema::ChangeKind::Deleted);
    platform.stop().await;
}
