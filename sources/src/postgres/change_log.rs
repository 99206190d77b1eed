//! The change log as readers follow it. A position holds the transaction and the row, and a reader stops before the oldest
//! transaction that still runs: rows become visible in the order of commits, positions are given out in the order of inserts,
//! and only behind that line the two agree. So a transaction that commits late is read later, never skipped.

use chrono::{DateTime, Utc};
use schema::ChangeKind;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::Database;
use crate::SourceError;

/// A place in the change log: everything up to and including it has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePosition {
    /// The transaction, in the digits of Postgres' `xid8`.
    pub transaction_id: u64,
    /// The row.
    pub position: i64,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where it stands; continue after it with this.
    pub position: ChangePosition,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Whose it is.
    pub tenant: String,
    /// What happened.
    pub kind: ChangeKind,
    /// To what, by reference.
    pub object_ref: String,
    /// To what, by key.
    pub object_id: Uuid,
    /// What the object itself may no longer tell.
    pub payload: serde_json::Value,
}

#[derive(FromRow)]
struct Row {
    transaction_id: String,
    position: i64,
    at: DateTime<Utc>,
    tenant: String,
    kind: String,
    object_ref: String,
    object_id: Uuid,
    payload: Json<serde_json::Value>,
}

impl Database {
    /// The changes after `position`, oldest first, at most `limit`. For feeds of all tenants: who may see what is decided after.
    pub async fn changes_after(&self, position: &ChangePosition, limit: u32) -> Result<Vec<Change>, SourceError> {
        let rows = sqlx::query_as::<_, Row>(include_str!("../../queries/change_log/changes_after.sql"))
            .bind(position.transaction_id.to_string())
            .bind(position.position)
            .bind(i64::from(limit));
        let rows = self.all("changes_after", rows).await?;
        rows.into_iter().map(change).collect()
    }

    /// The place from which only what commits from now on is read.
    pub async fn change_newest(&self) -> Result<ChangePosition, SourceError> {
        let row = sqlx::query_as::<_, (String,)>(include_str!("../../queries/change_log/change_newest.sql"));
        let transaction_id = transaction(&self.one("change_newest", row).await?.0)?;
        Ok(ChangePosition { transaction_id, position: i64::MAX })
    }
}

fn change(row: Row) -> Result<Change, SourceError> {
    let kind = match row.kind.as_str() {
        "CREATED" => ChangeKind::Created,
        "DELETED" => ChangeKind::Deleted,
        _ => ChangeKind::Updated,
    };
    let position = ChangePosition { transaction_id: transaction(&row.transaction_id)?, position: row.position };
    Ok(Change {
        position,
        at: row.at,
        tenant: row.tenant,
        kind,
        object_ref: row.object_ref,
        object_id: row.object_id,
        payload: row.payload.0,
    })
}

fn transaction(digits: &str) -> Result<u64, SourceError> {
    digits.parse().map_err(|error| SourceError::protocol(schema::SourceKind::Postgres, error))
}
