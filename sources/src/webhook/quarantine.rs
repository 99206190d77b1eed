//! Deliveries that were given up: an operator lists them, and has them tried again (`ingest/replay.rs`).

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{SourceError, postgres::Database};

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Quarantined {
    /// Its id.
    pub id: Uuid,
    /// Who sent it.
    pub source: String,
    /// The sender's word for what happened.
    pub kind: String,
    /// What it names.
    pub object_key: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was given up.
    pub settled_at: DateTime<Utc>,
    /// After so many attempts.
    pub attempts: i32,
    /// How the last one ended.
    pub last_error: Option<String>,
}

impl Database {
    /// Puts deliveries into quarantine that were tried often enough.
    pub async fn quarantine_deliveries(&self, ids: &[Uuid], holder: Uuid, error: &str) -> Result<(), SourceError> {
        let aside = sqlx::query(include_str!("../../queries/webhooks/deliveries_quarantine.sql"))
            .bind(ids)
            .bind(holder)
            .bind(error);
        self.timed("deliveries_quarantine", aside.execute(self.writers())).await.map(|_| ())
    }

    /// What is in quarantine, the latest first.
    pub async fn quarantined_deliveries(&self, most: u32) -> Result<Vec<Quarantined>, SourceError> {
        let rows = sqlx::query_as(include_str!("../../queries/webhooks/deliveries_quarantined.sql"))
            .bind(i64::from(most))
            .fetch_all(self.writers());
        self.timed("deliveries_quarantined", rows).await
    }
}
