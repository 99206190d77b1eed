//! The partitions that there are.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sqlx::{FromRow, PgConnection};

/// A partition of the change log.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The table.
    pub(super) name: String,
    /// None for what was there before there were partitions, and for what has no day.
    starts_at: Option<DateTime<Utc>>,
    /// None for what has no day.
    pub(super) ends_at: Option<DateTime<Utc>>,
    /// On disk, with indexes.
    pub(super) bytes: u64,
}

impl Part {
    /// Whether lines of this day go here.
    pub(super) fn takes(&self, day: NaiveDate) -> bool {
        let start = day.and_time(NaiveTime::MIN).and_utc();
        self.starts_at.is_none_or(|starts_at| starts_at <= start) && self.ends_at.is_some_and(|ends_at| ends_at > start)
    }
}

#[derive(FromRow)]
struct Row {
    name: String,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    bytes: i64,
}

/// All of them, oldest first; what has no day comes last.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Part>, sqlx::Error> {
    let rows: Vec<Row> =
        sqlx::query_as(include_str!("../../../queries/change_log/change_log_parts.sql")).fetch_all(connection).await?;
    let part = |Row { name, starts_at, ends_at, bytes }| Part {
        name,
        starts_at,
        ends_at,
        bytes: u64::try_from(bytes).unwrap_or(0),
    };
    Ok(rows.into_iter().map(part).collect())
}
