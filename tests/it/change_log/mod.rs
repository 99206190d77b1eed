//! The change log: what commits late is read late, and never skipped.

mod days;
mod facts;
mod health;
mod upkeep;

use it::TestPlatform;
use serde_json::json;
use sources::postgres::{Change, ChangePosition, ChangeTopic, Changes};
use sqlx::{Connection, PgConnection};

const INSERT: &str = "insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
    values ('default', 'entity', 'UPDATED', $1, gen_random_uuid(), '{}')";

/// What stands in the log after `position`.
async fn changes_after(platform: &TestPlatform, position: &ChangePosition) -> Vec<Change> {
    platform.database().changes_after(position, None, 10_000).await.unwrap().changes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_late_is_never_skipped_and_holds_nobody_up() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut early = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut late = PgConnection::connect(&platform.database_url()).await.unwrap();
    let read =
        async |after: &ChangePosition, to: Option<&ChangePosition>, limit: u32| -> (Vec<String>, ChangePosition) {
            let Changes { changes, read } = platform.database().changes_after(after, to, limit).await.unwrap();
            (changes.into_iter().map(|change| change.object_ref).collect(), read)
        };
    let start = ChangePosition::start();
    let mut slow = late.begin().await.unwrap();
    for name in ["slow-1", "slow-2"] {
        sqlx::query(INSERT).bind(name).execute(&mut *slow).await.unwrap();
    }
    sqlx::query(INSERT).bind("quick").execute(&mut early).await.unwrap();
    let (names, quick) = read(&start, None, 100).await;
    assert_eq!(names, ["quick"], "a reader waits for a transaction that still runs, or sees what it wrote");
    // One that began before and comes after the place of the page before: read on row by row.
    slow.commit().await.unwrap();
    sqlx::query(INSERT).bind("next").execute(&mut early).await.unwrap();
    let (mut at, mut names) = (quick.clone(), Vec::new());
    while names.len() < 3 {
        let (more, read) = read(&at, None, 1).await;
        assert_eq!(more.len(), 1, "after {names:?}");
        names.extend(more);
        // As a client keeps it.
        at = read.to_string().parse().unwrap();
    }
    assert_eq!(names, ["slow-1", "slow-2", "next"]);
    assert_eq!(read(&at, None, 100).await.0, Vec::<String>::new(), "something was read twice");
    // No further than somebody else has read: of the page in whose middle that is, and all of the one before.
    let (_, middle) = read(&quick, None, 1).await;
    let (names, whole) = read(&start, Some(&middle), 100).await;
    assert_eq!(names, ["quick"]);
    assert!(!whole.holds(&middle) && whole.holds(&quick));
    let page = platform.database().changes_after(&whole, Some(&middle), 100).await.unwrap();
    let until: Vec<_> = page.changes.iter().filter(|change| middle.has(change.position.row())).collect();
    assert_eq!(until.iter().map(|change| change.object_ref.as_str()).collect::<Vec<_>>(), ["slow-1"]);
    assert!(page.read.holds(&middle));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_the_catalog_stands_in_the_log_once() {
    let platform = TestPlatform::start().await;
    let newest = platform.database().change_newest().await.unwrap();
    let remove = "mutation { removeEntity(input: { ref: \"component:default/lunch-menu\" }) { userErrors { code } } }";
    platform.client("admin").data(remove, json!({})).await;
    let changes = changes_after(&platform, &newest).await;
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0].object_ref, "component:default/lunch-menu");
    assert_eq!((changes[0].kind, changes[0].topic), (schema::ChangeKind::Deleted, ChangeTopic::Entity));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_read_in_the_order_of_their_numbers_however_many_digits_they_have() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    for transaction in ["100", "9", "99", "10"] {
        sqlx::query(
            "insert into change_log (transaction_id, tenant, topic, kind, object_ref, object_id, payload)
            values ($1::xid8, 'default', 'entity', 'UPDATED', $1, gen_random_uuid(), '{}')",
        )
        .bind(transaction)
        .execute(&mut connection)
        .await
        .unwrap();
    }
    let (mut at, mut read) = (ChangePosition::start(), Vec::new());
    loop {
        let page = platform.database().changes_after(&at, None, 1).await.unwrap();
        let [change] = page.changes.as_slice() else { break };
        read.push(change.object_ref.clone());
        at = page.read;
    }
    assert_eq!(read, ["9", "10", "99", "100"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_of_a_newer_release_are_passed_over() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let newer = "alter table change_log drop constraint change_log_topic_check;
        insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
        select 'default', topic, 'UPDATED', topic, gen_random_uuid(), '{}'
        from unnest(array['entity', 'budget', 'budget', 'source']) topic";
    sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
    let start = ChangePosition::start();
    let first = changes_after(&platform, &start).await;
    let topics: Vec<_> = first.iter().map(|change| change.topic).collect();
    assert_eq!(topics, [ChangeTopic::Entity, ChangeTopic::Source]);
    // Also where only others lie within a page.
    let next = platform.database().changes_after(&first[0].position, None, 1).await.unwrap();
    assert_eq!(next.changes[0].object_ref, "source");
    platform.stop().await;
}
