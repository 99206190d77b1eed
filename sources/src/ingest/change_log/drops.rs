//! Drops what is too old or too much, and remembers in the same transaction up to where: a reader that has not come so far has lost
//! something and must be told.

use chrono::{DateTime, NaiveTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{ChangeLogUpkeep, begin, lock, part};
use crate::postgres::Database;

/// Drops partitions that ended before `horizon`, and what is as old where no partition took it.
pub(super) async fn by_age(
    database: &Database,
    horizon: DateTime<Utc>,
    lines_max: u32,
    upkeep: &mut ChangeLogUpkeep,
) -> Result<(), sqlx::Error> {
    loop {
        let Some(mut transaction) = begin(database).await? else { return Ok(()) };
        let parts = part::all(&mut transaction).await?;
        let is_old = |part: &&part::Part| part.ends_at.is_some_and(|ends_at| ends_at <= horizon);
        let Some(old) = parts.iter().find(is_old) else {
            sqlx::query(include_str!("../../../queries/change_log/change_log_astray_drop.sql"))
                .bind(horizon)
                .bind(i64::from(lines_max))
                .execute(&mut *transaction)
                .await?;
            return transaction.commit().await;
        };
        remove(&mut transaction, &old.name).await?;
        transaction.commit().await?;
        upkeep.dropped_by_age += 1;
    }
}

/// Drops the oldest partitions while all together are larger. The one that is written to stays, and so do those to come.
pub(super) async fn by_size(
    database: &Database,
    now: DateTime<Utc>,
    bytes_max: u64,
    upkeep: &mut ChangeLogUpkeep,
) -> Result<(), sqlx::Error> {
    let today = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    loop {
        let Some(mut transaction) = begin(database).await? else { return Ok(()) };
        let parts = part::all(&mut transaction).await?;
        let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
        let is_over = |part: &&part::Part| part.ends_at.is_some_and(|ends_at| ends_at <= today);
        let Some(oldest) = parts.iter().find(is_over).filter(|_| bytes > bytes_max) else {
            return transaction.rollback().await;
        };
        remove(&mut transaction, &oldest.name).await?;
        transaction.commit().await?;
        upkeep.dropped_by_size += 1;
    }
}

/// Drops a partition, whose name is one that the database told.
async fn remove(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    // First: a transaction that still writes to it must be over before we look how far it goes.
    lock(connection).await?;
    let remembered = format!(
        "update change_log_state s set dropped_transaction_id = p.transaction_id, dropped_position = p.position, \
         dropped_when = pg_current_snapshot() \
         from (select transaction_id, position from {name} order by transaction_id desc, position desc limit 1) p \
         where s.dropped_transaction_id is null \
         or (p.transaction_id, p.position) > (s.dropped_transaction_id, s.dropped_position)"
    );
    sqlx::raw_sql(AssertSqlSafe(remembered)).execute(&mut *connection).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("drop table {name}"))).execute(connection).await?;
    Ok(())
}
