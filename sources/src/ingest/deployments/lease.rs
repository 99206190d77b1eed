//! `Lease`: the right of one replica to read a source and write what it says. Each new holder has a higher fence, and a write
//! under an older one is refused in the transaction that would make it.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{SourceError, postgres::Database};

/// The right to read a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The source's configured name.
    pub source_name: String,
    /// Who has it, and its fence; none where nothing is held.
    held: Option<(Uuid, i64)>,
}

impl Lease {
    /// For what is read because of a hint, which needs no lease: the newest state of a deployment stands in whatever order states
    /// are written, and how far the source was read is left alone, so that a late writer spoils nothing.
    pub fn of_hint(source_name: &str) -> Self {
        Self { source_name: source_name.to_owned(), held: None }
    }

    /// Whether nobody has taken it over; nobody can until the transaction ends.
    pub(super) async fn still_holds(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let Some((holder, fence)) = self.held else { return Ok(true) };
        let held: Option<bool> = sqlx::query_scalar(include_str!("../../../queries/deployments/lease_check.sql"))
            .bind(&self.source_name)
            .bind(holder)
            .bind(fence)
            .fetch_optional(connection)
            .await?;
        Ok(held.is_some())
    }

    /// How often it has changed hands.
    pub fn fence(&self) -> i64 {
        self.held.map_or(0, |(_, fence)| fence)
    }
}

impl Database {
    /// Takes or renews the lease of a source for `life`; none while another holder has it.
    pub async fn sync_lease(
        &self,
        source_name: &str,
        holder: Uuid,
        life: Duration,
    ) -> Result<Option<Lease>, SourceError> {
        let take = async {
            sqlx::query_scalar(include_str!("../../../queries/deployments/lease_take.sql"))
                .bind(source_name)
                .bind(holder)
                .bind(life.as_secs_f64() * 1_000.0)
                .fetch_optional(self.writers())
                .await
        };
        let fence: Option<i64> = self.timed("lease_take", take).await?;
        Ok(fence.map(|fence| Lease { source_name: source_name.to_owned(), held: Some((holder, fence)) }))
    }

    /// Gives a lease back, so that the next one need not wait for its end.
    pub async fn sync_release(&self, lease: &Lease) -> Result<(), SourceError> {
        let Some((holder, fence)) = lease.held else { return Ok(()) };
        let release = async {
            sqlx::query(include_str!("../../../queries/deployments/lease_release.sql"))
                .bind(&lease.source_name)
                .bind(holder)
                .bind(fence)
                .execute(self.writers())
                .await
        };
        self.timed("lease_release", release).await.map(|_| ())
    }
}
