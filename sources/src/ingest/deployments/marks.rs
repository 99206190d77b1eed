//! `Mark`: how far a part of a source has been read. Written with what was read, so that neither is ahead of the other.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use super::Origin;
use crate::{SourceError, postgres::Database};

/// How far a part of a source has been read.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Mark {
    /// The part, such as a project of GitLab.
    pub part: String,
    /// Up to this change of the source everything was taken over; none when there was nothing.
    pub read_to: Option<DateTime<Utc>>,
    /// Where reading began.
    pub since: DateTime<Utc>,
    /// Where a reading that is not through goes on, in the words of its source.
    pub cursor: Option<String>,
    /// Which components it was read for.
    pub covers: String,
}

/// A mark, and when it was set.
#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    mark: Mark,
    read_at: DateTime<Utc>,
}

pub(super) async fn write(
    connection: &mut PgConnection,
    origin: &Origin<'_>,
    marks: &[Mark],
) -> Result<(), sqlx::Error> {
    if marks.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("../../../queries/deployments/marks_write.sql"))
        .bind(origin.tenant)
        .bind(origin.source_name)
        .bind(marks.iter().map(|mark| mark.part.as_str()).collect::<Vec<_>>())
        .bind(marks.iter().map(|mark| mark.read_to).collect::<Vec<_>>())
        .bind(marks.iter().map(|mark| mark.since).collect::<Vec<_>>())
        .bind(marks.iter().map(|mark| mark.cursor.as_deref()).collect::<Vec<_>>())
        .bind(marks.iter().map(|mark| mark.covers.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

impl Database {
    /// How far every part of a source has been read, and when that was noted; by part.
    pub async fn sync_marks(
        &self,
        tenant: &str,
        source_name: &str,
    ) -> Result<HashMap<String, (Mark, DateTime<Utc>)>, SourceError> {
        let rows = sqlx::query_as::<_, Row>(include_str!("../../../queries/deployments/marks_read.sql"))
            .bind(tenant)
            .bind(source_name);
        let rows = self.all("marks_read", rows).await?;
        Ok(rows.into_iter().map(|row| (row.mark.part.clone(), (row.mark, row.read_at))).collect())
    }
}
