//! A run of AWX that nobody tells of is seen without waiting for the next pass.

use std::time::Duration;

use chrono::{DateTime, Utc};
use it::{TestPlatform, until, until_within};
use simulator::Upstream;
use sqlx::{Connection, PgConnection};

/// The estate's templates run now and then: one of a component begins within this time.
const NEXT_RUN_MAX: Duration = Duration::from_secs(300);

async fn newest(connection: &mut PgConnection) -> Option<DateTime<Utc>> {
    let newest = "select max(created_at) from deployment where source = 'awx'";
    sqlx::query_scalar(newest).fetch_one(connection).await.unwrap()
}

/// A platform that reads its sources once, and asks AWX for new runs this often.
async fn platform(every: &str) -> TestPlatform {
    let settings = [
        ("WEFT_SYNC__ENABLED", "true"),
        ("WEFT_SYNC__INTERVAL", "1d"),
        ("WEFT_SYNC__HISTORY", "1h"),
        ("WEFT_SOURCES__AWX__NEW_RUNS_EVERY", every),
    ];
    TestPlatform::start_with(&settings).await
}

/// How often AWX was asked for runs behind a number, of the calls that are remembered.
fn looks(platform: &TestPlatform) -> usize {
    platform.simulator().calls(Upstream::Awx).recent().iter().filter(|call| call.query.contains("id__gt=")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_begins_after_the_only_pass_is_written_by_whoever_asks_for_new_ones() {
    let platform = platform("200ms").await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    until("the end of the only pass over AWX", async || {
        // Given back at its end.
        let is_over = "select count(*) > 0 from sync_lease where source_name = 'awx' and held_until <= clock_timestamp() and exists (select from sync_mark where source_name = 'awx')";
        sqlx::query_scalar::<_, bool>(is_over).fetch_one(&mut connection).await.unwrap().then_some(())
    })
    .await;
    let before = newest(&mut connection).await;
    until_within(NEXT_RUN_MAX, "a new run of AWX", async || (newest(&mut connection).await > before).then_some(()))
        .await;
    assert!(looks(&platform) > 0);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_where_it_is_switched_off() {
    let platform = platform("0s").await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    until("a pass over AWX", async || newest(&mut connection).await).await;
    assert_eq!(looks(&platform), 0);
    platform.stop().await;
}
