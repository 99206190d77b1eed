//! Never two writers: who has lost the lease writes nothing, whatever it believes.

use std::time::Duration;

use it::TestPlatform;
use sources::ingest::Applied;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{apply, apply_as, event};

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_lease_writes_nothing() {
    let platform = TestPlatform::start().await;
    let database = platform.database();
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    let short = Duration::from_millis(200);
    let first = database.sync_lease("gitlab", one, Duration::from_secs(60)).await.unwrap().unwrap();
    assert_eq!(database.sync_lease("gitlab", other, short).await.unwrap(), None, "two hold it");
    assert_eq!(database.sync_lease("gitlab", one, short).await.unwrap().unwrap(), first, "a renewal is another lease");
    apply(&platform, &first, &[event("component:default/payments-api", 1, 0, "a")]).await;

    tokio::time::sleep(short * 2).await;
    // Late, but nobody else has come.
    apply(&platform, &first, &[event("component:default/payments-api", 2, 1, "b")]).await;
    let second = database.sync_lease("gitlab", other, short).await.unwrap().unwrap();
    assert!(second.fence() > first.fence());
    let late = apply_as(&platform, "default", &first, &[event("component:default/payments-api", 3, 2, "c")]).await;
    assert_eq!(late, Applied::Fenced);
    apply(&platform, &second, &[event("component:default/payments-api", 4, 3, "d")]).await;

    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let keys: Vec<String> = sqlx::query_scalar("select source_key from deployment order by source_key")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(keys, ["1", "2", "4"]);
    database.sync_release(&second).await.unwrap();
    assert!(database.sync_lease("gitlab", one, short).await.unwrap().is_some(), "what was given back is not free");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_in_the_middle_keeps_the_next_one_waiting() {
    let platform = TestPlatform::start().await;
    let database = platform.database();
    let lease = database.sync_lease("gitlab", Uuid::new_v4(), Duration::from_millis(1)).await.unwrap().unwrap();
    // The transaction of a writer, as far as its look at the lease.
    let mut writer = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut transaction = writer.begin().await.unwrap();
    sqlx::query("select true from sync_lease where source_name = 'gitlab' for share")
        .execute(&mut *transaction)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let next = {
        let database = database.clone();
        tokio::spawn(async move { database.sync_lease("gitlab", Uuid::new_v4(), Duration::from_secs(10)).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!next.is_finished(), "the lease was taken from under a writer");
    transaction.commit().await.unwrap();
    let next = next.await.unwrap().unwrap().unwrap();
    assert!(next.fence() > lease.fence());
    platform.stop().await;
}
