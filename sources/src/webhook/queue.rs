//! The queue of deliveries in Postgres: a delivery is stored before its sender is answered, and known again for as long as it is kept.
//! `claim` is the way out of it.

use std::time::Duration;

use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Config, Delivery, Sender};
use crate::{SourceError, postgres::Database};

/// Most rows that are removed at once.
const FORGET_ROWS_MAX: i64 = 10_000;

/// Whether deliveries were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// So many were new; the others were known.
    New(u64),
    /// Too many wait already: nothing was stored.
    Full,
}

/// How much waits of one sender.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Depth {
    /// The sender's name.
    pub source: String,
    /// Deliveries that wait or are worked on.
    pub pending: i64,
    /// Deliveries that were given up.
    pub quarantined: i64,
    /// Age of the oldest that waits.
    pub oldest_seconds: f64,
}

pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

impl Database {
    /// Stores deliveries of one sender, all or none; those that are known are left out. One statement.
    pub async fn store_deliveries(
        &self,
        sender: Sender,
        deliveries: &[Delivery],
        pending_max: u32,
    ) -> Result<Stored, SourceError> {
        let texts = |of: fn(&Delivery) -> String| deliveries.iter().map(of).collect::<Vec<String>>();
        let hints: Vec<_> = deliveries.iter().map(|delivery| Json(&delivery.hint)).collect();
        let store = sqlx::query_as(include_str!("../../queries/webhooks/deliveries_insert.sql"))
            .bind(sender.as_str())
            .bind(deliveries.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
            .bind(texts(|delivery| delivery.dedup_key.clone()))
            .bind(texts(|delivery| delivery.hint.object_key()))
            .bind(texts(|delivery| delivery.kind.clone()))
            .bind(hints)
            .bind(i64::from(pending_max))
            .fetch_one(self.writers());
        let (has_room, new): (bool, i64) = self.timed("deliveries_insert", store).await?;
        Ok(if has_room { Stored::New(u64::try_from(new).unwrap_or(0)) } else { Stored::Full })
    }

    /// Removes what is past its time or too much; answers how many went.
    pub async fn forget_deliveries(&self, config: &Config) -> Result<u64, SourceError> {
        let mut gone = 0;
        for (state, kept_for, kept_max) in
            [("done", config.kept_for, config.kept_max), ("quarantined", config.quarantined_for, config.quarantine_max)]
        {
            let forget = sqlx::query(include_str!("../../queries/webhooks/deliveries_forget.sql"))
                .bind(state)
                .bind(millis(kept_for))
                .bind(i64::from(kept_max))
                .bind(FORGET_ROWS_MAX);
            gone += self.timed("deliveries_forget", forget.execute(self.writers())).await?.rows_affected();
        }
        Ok(gone)
    }

    /// How much waits, by sender; those of whom nothing does are left out.
    pub async fn deliveries_depth(&self) -> Result<Vec<Depth>, SourceError> {
        let depth = sqlx::query_as(include_str!("../../queries/webhooks/deliveries_depth.sql"));
        self.timed("deliveries_depth", depth.fetch_all(self.writers())).await
    }
}
