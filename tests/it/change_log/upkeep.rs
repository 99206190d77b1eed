//! A log from before there were days stays whole, and a gateway looks after its days by itself.

use it::{Program, TestPlatform, until};
use sources::postgres::MIGRATIONS;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The schema change that parts the log.
const PARTED: i64 = 20_261_129_140_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_in_the_log_before_it_was_parted_stays_where_it_was() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    connection.execute("create schema older; set search_path = older").await.unwrap();
    let log =
        "select position, transaction_id::text, at::text, object_ref, payload::text from change_log order by position";
    let mut before: Vec<(i64, String, String, String, String)> = Vec::new();
    for migration in MIGRATIONS.iter() {
        if migration.version == PARTED {
            let lines = "insert into change_log (tenant, topic, kind, object_ref, object_id, payload, at)
                select 'default', 'entity', 'CREATED', 'line-' || n, gen_random_uuid(), '{\"a\": 1}',
                    clock_timestamp() - n * interval '9 days'
                from generate_series(0, 2) n";
            connection.execute(lines).await.unwrap();
            before = sqlx::query_as(log).fetch_all(&mut connection).await.unwrap();
            assert_eq!(before.len(), 3);
        }
        let mut transaction = connection.begin().await.unwrap();
        transaction.execute(AssertSqlSafe(migration.sql.as_str().to_owned())).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let after: Vec<(i64, String, String, String, String)> =
        sqlx::query_as(log).fetch_all(&mut connection).await.unwrap();
    assert_eq!(after, before);
    // What comes now goes on after it, and each new topic is taken.
    for topic in ["entity", "deployment", "cost", "source"] {
        let insert = "insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
            values ('default', $1, 'CREATED', 'new', gen_random_uuid(), '{}') returning position";
        let position: i64 = sqlx::query_scalar(insert).bind(topic).fetch_one(&mut connection).await.unwrap();
        assert!(position > before[2].0, "a position is given out twice");
    }
    let parts = "select tableoid::regclass::text from change_log group by 1 order by 1";
    let parts: Vec<String> = sqlx::query_scalar(parts).fetch_all(&mut connection).await.unwrap();
    assert_eq!(parts, ["change_log_before"], "today is a part of what was there before");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_looks_after_the_days_and_tells_how_many_there_are() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let days = "select inhrelid::regclass::text from pg_inherits
        where inhparent = 'change_log'::regclass and inhrelid <> 'change_log_default'::regclass";
    let lines = "insert into change_log (tenant, topic, kind, object_ref, object_id, payload, at)
        select 'default', 'entity', 'CREATED', 'old', gen_random_uuid(), '{}', clock_timestamp() - n * interval '1 day'
        from generate_series(8, 9) n";
    connection.execute(lines).await.unwrap();
    for day in sqlx::query_scalar::<_, String>(days).fetch_all(&mut connection).await.unwrap() {
        connection.execute(AssertSqlSafe(format!("drop table {day}"))).await.unwrap();
    }
    let program = platform.program_with(&Program::of_this_build(), &[("WEFT_LIVE__MAINTAIN_EVERY", "1s")]).await;
    until("the days are made, and old ones dropped", async || {
        let is_done = program.measures("weft_change_log_partitions 4").await
            && program.measures("weft_change_log_dropped_total{reason=\"age\"} 2").await
            && program.measures("weft_change_log_dropped_total{reason=\"size\"} 0").await;
        is_done.then_some(())
    })
    .await;
    let made: Vec<String> = sqlx::query_scalar(days).fetch_all(&mut connection).await.unwrap();
    assert_eq!(made.len(), 3, "today and two days to come: {made:?}");
    assert!(platform.database().change_log_state().await.unwrap().dropped.is_some());
    program.stop().await;
    platform.stop().await;
}
