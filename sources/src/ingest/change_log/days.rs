//! Makes the partitions of days, as `deployments/partitions.rs` makes those of months: aside, and then attached.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{ChangeLogUpkeep, begin, lock, part};
use crate::postgres::Database;

/// For how many days from today on there is a partition: when nobody is there to make them for two days, still each line has one.
const AHEAD: u64 = 3;
/// Most days whose lines are looked for where no partition took them.
const ASTRAY_DAYS_MAX: i64 = 32;

/// A day without a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Missing {
    day: NaiveDate,
    /// So many lines are of it already, of which we know.
    lines: i64,
}

/// Makes those that are missing, one in each transaction.
pub(super) async fn make(
    database: &Database,
    now: DateTime<Utc>,
    moved_max: u32,
    upkeep: &mut ChangeLogUpkeep,
) -> Result<(), sqlx::Error> {
    let today = now.date_naive();
    // Not more than can be missing at all: whatever goes wrong, it ends.
    for _ in 0..AHEAD + ASTRAY_DAYS_MAX.unsigned_abs() {
        let Some(mut transaction) = begin(database).await? else { return Ok(()) };
        let mut missing = missing(&mut transaction, today).await?;
        let lines = |missing: &[Missing]| missing.iter().map(|one| one.lines.unsigned_abs()).sum::<u64>();
        let all = lines(&missing);
        missing.retain(|one| one.lines <= i64::from(moved_max));
        upkeep.left = all - lines(&missing);
        let Some(next) = missing.first() else { return transaction.rollback().await };
        // The day after today may begin at any moment, by the clock of the database.
        if next.lines > 0 || next.day <= today + Days::new(1) {
            lock(&mut transaction).await?;
        }
        upkeep.moved += attach(&mut transaction, next.day).await?;
        transaction.commit().await?;
        upkeep.made += 1;
    }
    Ok(())
}

/// Days that no partition takes: those that nobody can be writing to first, as they keep nobody waiting.
async fn missing(connection: &mut PgConnection, today: NaiveDate) -> Result<Vec<Missing>, sqlx::Error> {
    let parts = part::all(connection).await?;
    let astray: Vec<(NaiveDate, i64)> =
        sqlx::query_as(include_str!("../../../queries/change_log/change_log_astray.sql"))
            .bind(ASTRAY_DAYS_MAX)
            .fetch_all(connection)
            .await?;
    let ahead =
        (0..AHEAD).rev().map(|days| today + Days::new(days)).filter(|day| !parts.iter().any(|part| part.takes(*day)));
    let mut missing: Vec<Missing> = ahead.map(|day| Missing { day, lines: 0 }).collect();
    for (day, lines) in astray {
        match missing.iter_mut().find(|one| one.day == day) {
            Some(one) => one.lines = lines,
            None => missing.push(Missing { day, lines }),
        }
    }
    Ok(missing)
}

/// Makes the partition of a day and moves the lines to it that are of it; how many.
async fn attach(connection: &mut PgConnection, day: NaiveDate) -> Result<u64, sqlx::Error> {
    let name = format!("change_log_{}", day.format("%Y_%m_%d"));
    let (from, to) = (format!("'{day}T00:00:00Z'"), format!("'{}T00:00:00Z'", day + Days::new(1)));
    let made = format!("create table {name} (like change_log including defaults including constraints)");
    sqlx::raw_sql(AssertSqlSafe(made)).execute(&mut *connection).await?;
    let moved = format!(
        "with moved as (delete from change_log_default where at >= {from} and at < {to} returning *) \
         insert into {name} (position, transaction_id, at, tenant, topic, kind, object_ref, object_id, payload) \
         select position, transaction_id, at, tenant, topic, kind, object_ref, object_id, payload from moved"
    );
    let moved = sqlx::raw_sql(AssertSqlSafe(moved)).execute(&mut *connection).await?.rows_affected();
    let attached = format!("alter table change_log attach partition {name} for values from ({from}) to ({to})");
    sqlx::raw_sql(AssertSqlSafe(attached)).execute(connection).await?;
    Ok(moved)
}
