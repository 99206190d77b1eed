//! The audit chain of a tenant: each record holds the hash of the one before, so none can be changed, dropped or put between
//! others without a trace.

use crate::{SourceError, postgres::Database};
use chrono::{DateTime, SecondsFormat, Utc};
use schema::AuditEntry;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

/// Appends a record to the tenant's chain, as part of the caller's transaction. Writers of one tenant wait for each other
/// from here to their commit, so this stands last in a transaction.
pub(super) async fn append(
    connection: &mut PgConnection,
    tenant: &str,
    entry: &AuditEntry,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let entry = &entry.clone().storable();
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('audit:' || $1, 0))")
        .bind(tenant)
        .execute(&mut *connection)
        .await?;
    let last: Option<(i64, String)> = sqlx::query_as(include_str!("../../queries/audit/audit_last.sql"))
        .bind(tenant)
        .fetch_optional(&mut *connection)
        .await?;
    let (position, previous_hash) = match last {
        Some((position, hash)) => (position + 1, Some(hash)),
        None => (1, None),
    };
    let id = Uuid::now_v7();
    let decision = if entry.denied.is_some() { "DENIED" } else { "ALLOWED" };
    let hash = record_hash(tenant, position, at, entry, decision, previous_hash.as_deref());
    sqlx::query(include_str!("../../queries/audit/audit_insert.sql"))
        .bind(id)
        .bind(tenant)
        .bind(position)
        .bind(at)
        .bind(&entry.subject)
        .bind(&entry.action)
        .bind(&entry.target)
        .bind(decision)
        .bind(entry.denied)
        .bind(&entry.operation_name)
        .bind(&entry.document_hash)
        .bind(&entry.variables_fingerprint)
        .bind(entry.cost)
        .bind(&entry.request_id)
        .bind(hash)
        .bind(previous_hash)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// SHA-256 over the record's fields in a fixed order and the hash before, in hex.
fn record_hash(
    tenant: &str,
    position: i64,
    at: DateTime<Utc>,
    entry: &AuditEntry,
    decision: &str,
    previous_hash: Option<&str>,
) -> String {
    let content = json!([
        tenant,
        position,
        at.to_rfc3339_opts(SecondsFormat::Micros, true),
        entry.subject,
        entry.action,
        entry.target,
        decision,
        entry.denied,
        entry.operation_name,
        entry.document_hash,
        entry.variables_fingerprint,
        entry.cost,
        entry.request_id,
        previous_hash,
    ]);
    hex::encode(Sha256::digest(content.to_string()))
}

impl Database {
    /// Records something that changed nothing: a refusal, or the reading of the log itself.
    pub async fn audit_append(&self, tenant: &str, entry: &AuditEntry) -> Result<(), SourceError> {
        self.timed("audit_append", async {
            let mut transaction = self.writers().begin().await?;
            let at = begin(&mut transaction, tenant).await?;
            append(&mut transaction, tenant, entry, at).await?;
            transaction.commit().await
        })
        .await
    }
}

/// Makes sure that the tenant is known, and tells the moment of the transaction.
pub(super) async fn begin(connection: &mut PgConnection, tenant: &str) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar(
        "with known as (insert into tenant (name) values ($1) on conflict do nothing) select date_trunc('microseconds', now())",
    )
    .bind(tenant)
    .fetch_one(connection)
    .await
}

/// Keeps all other writers of the tenant's catalog out until the transaction ends: two of them could each take a reference
/// that the other is about to declare.
pub(super) async fn lock_catalog(connection: &mut PgConnection, tenant: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('catalog:' || $1, 0))")
        .bind(tenant)
        .execute(connection)
        .await?;
    Ok(())
}
