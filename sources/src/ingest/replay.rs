//! Deliveries of webhooks out of quarantine: tried again from the start, on the record.

use schema::AuditEntry;
use uuid::Uuid;

use super::audit;
use crate::{SourceError, postgres::Database};

impl Database {
    /// Has these tried again from the start, or all; answers how many. Recorded in the log of `tenant` with the change itself.
    pub async fn replay_deliveries(
        &self,
        ids: Option<&[Uuid]>,
        subject: &str,
        tenant: &str,
    ) -> Result<u64, SourceError> {
        self.timed("deliveries_replay", async {
            let mut transaction = self.writers().begin().await?;
            let at = audit::begin(&mut transaction, tenant).await?;
            let count = sqlx::query(include_str!("../../queries/webhooks/deliveries_replay.sql"))
                .bind(ids)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if count > 0 {
                let which = match ids {
                    Some([id]) => id.to_string(),
                    _ => format!("{count} deliveries"),
                };
                let entry = AuditEntry {
                    subject: subject.to_owned(),
                    action: "webhooks.replay".to_owned(),
                    target: Some(which),
                    ..AuditEntry::default()
                };
                audit::append(&mut transaction, tenant, &entry, at).await?;
                transaction.commit().await?;
            }
            Ok(count)
        })
        .await
    }
}
