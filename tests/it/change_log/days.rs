//! The change log by days: each write finds a place, old days go and leave word of it, and no reader misses a line meanwhile.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use it::TestPlatform;
use sources::{
    ingest::{ChangeLogKeep, ChangeLogUpkeep},
    postgres::{Change, ChangePosition, ChangeRow},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::changes_after;

/// Nothing is too old or too much.
const KEEP: ChangeLogKeep =
    ChangeLogKeep { retention: Duration::from_secs(7 * 86_400), bytes_max: u64::MAX, moved_max: 1_000 };

struct Log {
    platform: TestPlatform,
    connection: PgConnection,
}

impl Log {
    async fn start() -> Self {
        let platform = TestPlatform::start_empty(&[]).await;
        let connection = PgConnection::connect(&platform.database_url()).await.unwrap();
        Self { platform, connection }
    }

    /// The same without any day, as after a long time in which nobody made one.
    async fn without_days() -> Self {
        let mut log = Self::start().await;
        for part in log.parts().await.into_iter().filter(|part| part != "change_log_default") {
            log.run(&format!("drop table {part}")).await;
        }
        log
    }

    async fn run(&mut self, statement: &str) {
        self.connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    }

    /// Writes a line of this moment, in a transaction of its own.
    async fn write(&mut self, name: &str, at: DateTime<Utc>) {
        write(&mut self.connection, name, at).await;
    }

    async fn keep(&self, now: DateTime<Utc>, keep: &ChangeLogKeep) -> ChangeLogUpkeep {
        let upkeep = self.platform.database().keep_change_log(now, keep).await.unwrap();
        assert!(upkeep.failed.is_none(), "{upkeep:?}");
        upkeep
    }

    async fn parts(&mut self) -> Vec<String> {
        let parts =
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'change_log'::regclass order by 1";
        sqlx::query_scalar(parts).fetch_all(&mut self.connection).await.unwrap()
    }

    /// In which table each line stands.
    async fn places(&mut self) -> Vec<(String, String)> {
        let places = "select object_ref, tableoid::regclass::text from change_log order by position";
        sqlx::query_as(places).fetch_all(&mut self.connection).await.unwrap()
    }

    /// What readers see.
    async fn read(&self) -> Vec<(String, ChangePosition)> {
        let changes = changes_after(&self.platform, &ChangePosition::start()).await;
        changes.into_iter().map(|change| (change.object_ref, change.position)).collect()
    }

    async fn names(&self) -> Vec<String> {
        self.read().await.into_iter().map(|(name, _)| name).collect()
    }

    async fn dropped(&self) -> Option<ChangeRow> {
        self.platform.database().change_log_state().await.unwrap().dropped.map(|dropped| dropped.last)
    }
}

async fn write(connection: &mut PgConnection, name: &str, at: DateTime<Utc>) {
    sqlx::query(
        "insert into change_log (tenant, topic, kind, object_ref, object_id, payload, at)
        values ('default', 'entity', 'UPDATED', $1, gen_random_uuid(), '{}', $2)",
    )
    .bind(name)
    .bind(at)
    .execute(connection)
    .await
    .unwrap();
}

/// Noon of a day in May 2031.
fn noon(day: u32) -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2031, 5, day).unwrap().and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap()).and_utc()
}

fn part(day: u32) -> String {
    format!("change_log_2031_05_{day:02}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_before_its_day_has_a_partition_is_moved_there() {
    let mut log = Log::without_days().await;
    log.write("early", noon(3)).await;
    log.write("today", noon(4)).await;
    log.write("old", noon(4) - Days::new(30)).await;
    let before = log.read().await;
    let mut signals = log.platform.database().signals().await.unwrap();
    let upkeep = log.keep(noon(4), &KEEP).await;
    assert_eq!(signals.beat().await.unwrap(), [], "what is moved is told again");
    // Today and two days to come, and those of what was astray; of these one is too old.
    assert_eq!((upkeep.made, upkeep.moved, upkeep.left, upkeep.dropped_by_age), (5, 3, 0, 1), "{upkeep:?}");
    assert_eq!((upkeep.partitions, log.parts().await.len()), (5, 5));
    assert_eq!(
        log.places().await,
        [("early".to_owned(), part(3)), ("today".to_owned(), part(4))],
        "a line is not in the partition of its day"
    );
    // The places in the log are those of before.
    let rows = |read: &[(String, ChangePosition)]| read.iter().map(|(_, at)| at.row()).collect::<Vec<_>>();
    assert_eq!(rows(&log.read().await), rows(&before[..2]));
    assert_eq!(log.dropped().await, Some(before[2].1.row()));
    let again = log.keep(noon(4), &KEEP).await;
    assert_eq!((again.made, again.moved, again.dropped_by_age), (0, 0, 0), "a second look found something to do");
    log.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_with_more_lines_than_may_be_moved_stays_where_it_is_until_it_is_old() {
    let mut log = Log::without_days().await;
    for n in 0..3 {
        log.write(&format!("many-{n}"), noon(4)).await;
    }
    log.write("one", noon(5)).await;
    let keep = ChangeLogKeep { moved_max: 2, ..KEEP };
    let upkeep = log.keep(noon(4), &keep).await;
    assert_eq!((upkeep.moved, upkeep.left), (1, 3), "{upkeep:?}");
    log.write("many-3", noon(4)).await;
    assert_eq!(log.places().await.iter().filter(|(_, part)| part == "change_log_default").count(), 4);
    let read = log.read().await;
    // Two at a time: as many go at once as may be moved.
    log.keep(noon(20), &keep).await;
    assert_eq!(log.names().await.len(), 2);
    log.keep(noon(20), &keep).await;
    assert_eq!(log.places().await, []);
    assert_eq!(log.dropped().await, Some(read[4].1.row()));
    log.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn across_midnight_every_line_is_read_once_and_in_order() {
    let mut log = Log::without_days().await;
    log.keep(noon(4), &KEEP).await;
    let midnight = noon(5) - chrono::TimeDelta::hours(12);
    let moment = chrono::TimeDelta::microseconds(1);
    log.write("before", midnight - moment).await;
    log.write("after", midnight).await;
    // A clock that was put back: later in the log, earlier in the day.
    log.write("back", midnight - moment).await;
    assert_eq!(log.keep(midnight, &KEEP).await.made, 1);
    log.write("last", midnight + moment).await;
    let places = log.places().await;
    let days: Vec<&str> = places.iter().map(|(_, part)| part.as_str()).collect();
    assert_eq!(days, [part(4), part(5), part(4), part(5)]);
    let read = log.read().await;
    let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["before", "after", "back", "last"]);
    assert!(read.windows(2).all(|pair| pair[0].1.row() < pair[1].1.row() && !pair[0].1.holds(&pair[1].1)), "{read:?}");
    let from_second = log.platform.database().changes_after(&read[1].1, None, 100).await.unwrap().changes;
    assert_eq!(from_second.iter().map(|change| change.object_ref.as_str()).collect::<Vec<_>>(), ["back", "last"]);
    log.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_commits_after_its_day_was_attached_is_read() {
    let mut log = Log::without_days().await;
    let mut late = PgConnection::connect(&log.platform.database_url()).await.unwrap();
    let mut slow = late.begin().await.unwrap();
    write(&mut slow, "slow", noon(4)).await;
    log.write("quick", noon(4)).await;
    // It holds the log while it runs: its day is not made then, and that is told.
    let held = log.platform.database().keep_change_log(noon(4), &KEEP).await.unwrap();
    assert!(held.failed.is_some(), "a partition was made under a transaction that writes");
    slow.commit().await.unwrap();
    let mut slow = late.begin().await.unwrap();
    // With a number of its own, but no line yet.
    slow.execute("select pg_current_xact_id()").await.unwrap();
    log.write("quicker", noon(4)).await;
    log.keep(noon(4), &KEEP).await;
    write(&mut slow, "slower", noon(4)).await;
    let read = log.platform.database().changes_after(&ChangePosition::start(), None, 100).await.unwrap();
    let names = |changes: Vec<Change>| changes.into_iter().map(|change| change.object_ref).collect::<Vec<_>>();
    assert_eq!(names(read.changes), ["slow", "quick", "quicker"]);
    slow.commit().await.unwrap();
    let late = log.platform.database().changes_after(&read.read, None, 100).await.unwrap();
    assert_eq!(names(late.changes), ["slower"], "a reader went on without a transaction that still ran");
    assert!(log.places().await.iter().all(|(_, place)| *place == part(4)));
    log.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_go_by_age_and_the_log_knows_how_far() {
    let mut log = Log::without_days().await;
    log.keep(noon(1), &KEEP).await;
    log.keep(noon(2), &KEEP).await;
    for day in 1..=3 {
        log.write(&format!("day-{day}"), noon(day)).await;
    }
    let read = log.read().await;
    assert_eq!(log.dropped().await, None);
    // Seven days after the end of the first, not a moment sooner.
    let end = noon(9) - chrono::TimeDelta::hours(12);
    let moment = chrono::TimeDelta::microseconds(1);
    assert_eq!(log.keep(end - moment, &KEEP).await.dropped_by_age, 0);
    assert_eq!(log.keep(end, &KEEP).await.dropped_by_age, 1);
    assert_eq!(log.names().await, ["day-2", "day-3"]);
    let state = log.platform.database().change_log_state().await.unwrap();
    assert_eq!(state.dropped.as_ref().map(|dropped| dropped.last), Some(read[0].1.row()));
    assert!(state.has_lost_after(&ChangePosition::start()), "who has read nothing has lost the first day");
    let until = read[0].1.row().transaction_id + 1;
    let first_day = format!("{until}:{until}:").parse().unwrap();
    assert!(!state.has_lost_after(&first_day), "who has read the first day has lost nothing");
    // Whatever ran while the day was dropped had written nothing of it.
    let newest = log.platform.database().change_newest().await.unwrap();
    assert!(!state.has_lost_after(&newest), "who begins now has lost nothing");
    // A day without a line leaves the word of before.
    log.run(&format!("delete from {}", part(2))).await;
    assert_eq!(log.keep(noon(10), &KEEP).await.dropped_by_age, 1);
    assert_eq!(log.dropped().await, Some(read[0].1.row()));
    log.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_days_go_while_there_is_too_much_and_today_stays() {
    let mut log = Log::without_days().await;
    for day in 1..=4 {
        log.keep(noon(day), &KEEP).await;
        let many = format!(
            "insert into change_log (tenant, topic, kind, object_ref, object_id, payload, at)
            select 'default', 'entity', 'UPDATED', 'day-{day}', gen_random_uuid(), '{{}}', '2031-05-{day:02}T12:00:00Z'
            from generate_series(1, 1000)"
        );
        log.run(&many).await;
    }
    let whole = log.keep(noon(4), &KEEP).await.bytes;
    assert!(whole > 4 * 100_000, "{whole}");
    let at_the_limit = log.keep(noon(4), &ChangeLogKeep { bytes_max: whole, ..KEEP }).await;
    assert_eq!(at_the_limit.dropped_by_size, 0);
    let over = log.keep(noon(4), &ChangeLogKeep { bytes_max: whole - 1, ..KEEP }).await;
    assert_eq!((over.dropped_by_size, over.dropped_by_age), (1, 0));
    let first = log.names().await;
    assert_eq!((first.len(), first[0].as_str()), (3_000, "day-2"));
    let after_first = log.dropped().await.unwrap();
    let none = log.keep(noon(4), &ChangeLogKeep { bytes_max: 0, ..KEEP }).await;
    assert_eq!(none.dropped_by_size, 2);
    let rest = log.names().await;
    assert!(rest.len() == 1_000 && rest.iter().all(|name| name == "day-4"), "today's lines are gone");
    assert!(log.dropped().await.unwrap() > after_first);
    log.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_look_after_the_log_one_does_and_readers_miss_nothing() {
    let mut log = Log::without_days().await;
    let writes = async |connection: &mut PgConnection| {
        for n in 0..200u32 {
            write(connection, &format!("{n:03}"), noon(1 + n / 50)).await;
        }
    };
    let url = log.platform.database_url();
    let mut writer = PgConnection::connect(&url).await.unwrap();
    let database = log.platform.database();
    let keeps = async || {
        for day in 1..=4 {
            database.keep_change_log(noon(day), &KEEP).await.unwrap();
        }
    };
    // A reader that goes on from where it is, while days are attached and lines are moved under it.
    let reads = async {
        let (mut at, mut names) = (ChangePosition::start(), Vec::new());
        while names.len() < 200 {
            let page = database.changes_after(&at, None, 7).await.unwrap();
            names.extend(page.changes.into_iter().map(|change| change.object_ref));
            at = page.read;
            tokio::task::yield_now().await;
        }
        names
    };
    let reads = tokio::time::timeout(Duration::from_secs(60), reads);
    let (names, ..) = tokio::join!(reads, writes(&mut writer), keeps(), keeps());
    let expected: Vec<String> = (0..200).map(|n| format!("{n:03}")).collect();
    assert_eq!(names.expect("a line was missed"), expected);
    log.keep(noon(4), &KEEP).await;
    assert!(log.places().await.iter().all(|(_, place)| place != "change_log_default"));
    log.platform.stop().await;
}
