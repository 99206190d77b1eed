//! What the change log tells of sources: to every tenant, when one changes, and so that no answer that is kept is lost by it.

use demo::estate::{DEFAULT_TENANT, OTHER_TENANT};
use it::{TestPlatform, until};
use serde_json::json;
use sources::{
    ingest::SourceWatch,
    postgres::{Change, ChangeTopic},
};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_and_comes_back_is_told_once_each_to_every_tenant() {
    let platform = TestPlatform::start().await;
    let sources = &platform.app().sources;
    let mut watch = SourceWatch::default();
    until("GitLab answers", async || {
        sources.probe().await;
        let records = sources.records();
        records.iter().any(|one| one.name == "gitlab" && one.status == schema::SourceStatus::Healthy).then_some(())
    })
    .await;
    let newest = platform.database().change_newest().await.unwrap();
    assert_eq!(watch.look(sources).await.unwrap(), 0, "a replica that starts tells what it gets to know");
    let mut signals = platform.database().signals().await.unwrap();
    let health = sources.connectors().into_iter().find(|one| one.name() == "gitlab").unwrap().upstream().health();
    (0..10).for_each(|_| health.failed("no answer".to_owned()));
    assert_eq!(watch.look(sources).await.unwrap(), 1);
    assert_eq!(watch.look(sources).await.unwrap(), 0, "the same change is told twice");
    (0..10).for_each(|_| health.succeeded(std::time::Duration::from_millis(1)));
    assert_eq!(watch.look(sources).await.unwrap(), 1);

    let heard = signals.beat().await.unwrap();
    let changes = until("the changes show", async || {
        let mut changes = platform.database().changes_after(&newest, None, 10_000).await.unwrap().changes;
        changes.retain(|change| change.topic == ChangeTopic::Source);
        (changes.len() >= heard.len()).then_some(changes)
    })
    .await;
    let of = |change: &Change| {
        let payload = &change.payload;
        (change.object_ref.clone(), payload["status"].clone(), payload["before"]["status"].clone())
    };
    for tenant in [DEFAULT_TENANT, OTHER_TENANT] {
        let told: Vec<_> = changes.iter().filter(|change| change.tenant == tenant).map(of).collect();
        let line = |now: &str, before: &str| ("gitlab".to_owned(), json!(now), json!(before));
        assert_eq!(told, [line("DOWN", "HEALTHY"), line("HEALTHY", "DOWN")], "{tenant}");
    }
    assert!(
        changes.iter().all(|change| change.topic == ChangeTopic::Source && change.object_id == changes[0].object_id)
    );
    assert!(heard.iter().all(|signal| signal.domain == "sources"), "{heard:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_source_leaves_kept_answers_where_they_are() {
    let platform = TestPlatform::start_with(&[("WEFT_SERVER__RESPONSE_CACHE", "1 MiB")]).await;
    let versions = platform.app().response_cache.as_ref().unwrap().versions();
    let stamp = async || until("changes are heard of", async || versions.stamp("default", Instant::now())).await;
    let before = stamp().await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    // In this order they are heard of.
    for topic in ["source", "deployment"] {
        sqlx::query(
            "insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
            values ('default', $1, 'UPDATED', 'gitlab', gen_random_uuid(), '{}')",
        )
        .bind(topic)
        .execute(&mut connection)
        .await
        .unwrap();
    }
    let now = until("the deployment is heard of", async || {
        let now = stamp().await;
        (!before.agrees(&now, |domain| domain.as_str() == "deployments")).then_some(now)
    })
    .await;
    assert!(before.agrees(&now, |domain| domain.as_str() != "deployments"), "a source ended what rests on others");
    platform.stop().await;
}
