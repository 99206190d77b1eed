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
    // Transactions of other databases of the server hold readers back too, anywhere between two of ours, so what has committed
    // may take a moment.
    let refs_once_there = async |after: &ChangePosition, count: usize| -> Vec<(String, ChangePosition)> {
        let started = Instant::now();
        loop {
            let found = refs(after).await;
            if found.len() >= count {
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
    let seen = refs_once_there(&start, 2).await;
    assert_eq!(seen.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["slow", "quick"]);
    assert_eq!(refs(&seen[1].1).await, [], "something was read twice");
    sqlx::query(INSERT).bind("next").execute(&mut early).await.unwrap();
    let next = refs_once_there(&seen[1].1, 1).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_change_tells_who_could_see_the_entity_before_it() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = std::env::temp_dir().join(format!("weft-it-sight-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let newest = platform.database().change_newest().await.unwrap();
    for annotations in ["annotations:\n    weft.dev/visibility: team", "title: A"] {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  {annotations}\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n"
        );
        std::fs::write(folder.join("a.yaml"), text).unwrap();
        let config = &platform.app().config.catalog;
        let report =
            gateway::commands::import_catalog(platform.database(), config, "default", std::slice::from_ref(&folder))
                .await;
        assert!(report.unwrap().refused.is_empty());
    }
    let remove = "mutation { removeEntity(input: { ref: \"component:default/a\" }) { userErrors { code } } }";
    platform.client("admin").data(remove, json!({})).await;
    let started = Instant::now();
    let mut changes = Vec::new();
    while changes.len() < 3 {
        assert!(started.elapsed() < Duration::from_secs(60), "the changes do not show");
        changes = platform.database().changes_after(&newest, 100).await.unwrap();
    }
    let payloads: Vec<_> = changes.into_iter().map(|change| change.payload).collect();
    let sight = |is_team_only: bool| json!({ "isTeamOnly": is_team_only, "guardianRef": "group:default/team-a" });
    let with_before = |mut now: serde_json::Value, before: serde_json::Value| {
        now["before"] = before;
        now
    };
    assert_eq!(
        payloads,
        [
            with_before(sight(true), json!(null)),
            with_before(sight(false), sight(true)),
            with_before(sight(false), sight(false))
        ]
    );
    std::fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}
