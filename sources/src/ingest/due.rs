//! Registered locations that are due: leased by one replica at a time, so each is read once however many replicas run.

use std::time::Duration;

use chrono::{DateTime, Utc};
use schema::EntityRef;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{SourceError, postgres::Database};

/// A registered location to read now.
#[derive(Debug, Clone)]
pub struct DueLocation {
    /// Key of the row.
    pub id: Uuid,
    /// Whose it is.
    pub tenant: String,
    /// `url` or `file`.
    pub location_type: &'static str,
    /// The address or path.
    pub target: String,
    /// The entity that stands for it.
    pub entity_ref: Option<EntityRef>,
    /// When it was taken, by the clock of the database: that of a replica may go otherwise.
    pub leased_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    tenant: String,
    r#type: String,
    target: String,
    r#ref: Option<String>,
    leased_at: DateTime<Utc>,
}

impl Database {
    /// Takes the location that is due longest; nobody else gets it before `lease` has passed. None when none is
    /// due, or those that are belong to tenants that have two taken already.
    pub async fn location_lease(&self, lease: Duration) -> Result<Option<DueLocation>, SourceError> {
        let row = sqlx::query_as::<_, Row>(include_str!("../../queries/locations/location_lease.sql"))
            .bind(lease.as_secs_f64())
            .fetch_optional(self.writers());
        let due = |row: Row| DueLocation {
            id: row.id,
            tenant: row.tenant,
            location_type: if row.r#type == "file" { "file" } else { "url" },
            target: row.target,
            entity_ref: row.r#ref.map(EntityRef::stored),
            leased_at: row.leased_at,
        };
        Ok(self.timed("location_lease", row).await?.map(due))
    }

    /// Gives a leased location back: it is due again after `interval`, or at once when somebody asked after it was taken.
    pub async fn location_settle(
        &self,
        due: &DueLocation,
        interval: Duration,
        error: Option<&str>,
    ) -> Result<(), SourceError> {
        let settle = sqlx::query(include_str!("../../queries/locations/location_settle.sql"))
            .bind(due.id)
            .bind(interval.as_secs_f64())
            .bind(due.leased_at)
            .bind(error)
            .execute(self.writers());
        self.timed("location_settle", settle).await?;
        Ok(())
    }
}
