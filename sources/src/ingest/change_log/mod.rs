//! Keeps the change log by days: makes the partitions of days to come, moves what no partition took, drops what is too old or too
//! much. Everything is a step in a transaction of its own under one lock, so that of all replicas one is at it, and each step decides
//! anew by what it finds. `days` makes, `drops` drops; that what is gone is known stands in `change_log_state`.

mod days;
mod drops;
mod part;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{SourceError, postgres::Database};

/// How long to wait for who reads or writes the log: readers are through by then, and whoever comes meanwhile waits behind. An import
/// that writes for minutes is not waited for: it is tried again.
const WAIT: &str = "set local lock_timeout = '300ms'; set local statement_timeout = '30s'";

/// How much of the change log is kept.
#[derive(Debug, Clone, Copy)]
pub struct ChangeLogKeep {
    /// Days that ended so long ago go.
    pub retention: Duration,
    /// While it is larger on disk, the oldest day goes. The day that is written to stays in any case.
    pub bytes_max: u64,
    /// Most lines of a day that are moved to a partition of their own, while writers wait; more stay where they are.
    pub moved_max: u32,
}

/// What was done, and what there is now.
#[derive(Debug, Default)]
pub struct ChangeLogUpkeep {
    /// Partitions that were made.
    pub made: usize,
    /// Lines that were moved to them.
    pub moved: u64,
    /// Lines that are in no partition of their day, because there are too many to be moved.
    pub left: u64,
    /// Partitions that were dropped because of their age.
    pub dropped_by_age: usize,
    /// Partitions that were dropped because there was too much.
    pub dropped_by_size: usize,
    /// Size on disk, with indexes.
    pub bytes: u64,
    /// Partitions there are, with the one for what has no day.
    pub partitions: usize,
    /// What could not be done, such as when a long import writes; it is tried next time.
    pub failed: Option<SourceError>,
}

impl Database {
    /// Brings the partitions of the change log up to date; does nothing but measure while another replica is at it.
    pub async fn keep_change_log(
        &self,
        now: DateTime<Utc>,
        keep: &ChangeLogKeep,
    ) -> Result<ChangeLogUpkeep, SourceError> {
        let horizon = TimeDelta::from_std(keep.retention).ok().and_then(|retention| now.checked_sub_signed(retention));
        let mut upkeep = ChangeLogUpkeep::default();
        // One that fails keeps none of the others from being tried.
        let made = self.timed("change_log_days", days::make(self, now, keep.moved_max, &mut upkeep)).await;
        let mut failed = made.err();
        if let Some(horizon) = horizon {
            let dropped = self.timed("change_log_age", drops::by_age(self, horizon, keep.moved_max, &mut upkeep)).await;
            failed = failed.or(dropped.err());
        }
        let dropped = self.timed("change_log_size", drops::by_size(self, now, keep.bytes_max, &mut upkeep)).await;
        upkeep.failed = failed.or(dropped.err());
        let parts = async {
            let mut connection = self.writers().acquire().await?;
            part::all(&mut connection).await
        };
        let parts = self.timed("change_log_parts", parts).await?;
        upkeep.bytes = parts.iter().map(|part| part.bytes).sum();
        upkeep.partitions = parts.len();
        Ok(upkeep)
    }
}

/// A step; none while another replica is at one.
async fn begin(database: &Database) -> Result<Option<Transaction<'_, Postgres>>, sqlx::Error> {
    let mut transaction = database.writers().begin().await?;
    sqlx::raw_sql(WAIT).execute(&mut *transaction).await?;
    let is_free: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended('change log', 0))")
        .fetch_one(&mut *transaction)
        .await?;
    if is_free {
        return Ok(Some(transaction));
    }
    transaction.rollback().await?;
    Ok(None)
}

/// Waits until nobody reads or writes the log, and keeps them out until the end of the transaction. Without it a reader whose plan
/// was made before, and whose snapshot is taken after, would look for rows where they no longer are and go on without them.
async fn lock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("lock table change_log in access exclusive mode").execute(connection).await?;
    Ok(())
}
