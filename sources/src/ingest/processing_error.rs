//! Keeps what was refused, where users find it: an error found again keeps the moment it was first seen.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::rows::guardian;
use crate::catalog::Refusal;

/// Most errors kept of one location; the report of the import names all of them.
const ERRORS_MAX: usize = 10_000;

#[derive(Serialize)]
struct Row<'a> {
    id: Uuid,
    fingerprint: String,
    entity_ref: Option<&'a str>,
    is_team_only: bool,
    guardian_ref: Option<String>,
    message: &'a str,
    target: &'a str,
    line: Option<u32>,
    column: Option<u32>,
}

/// Replaces the errors of a location by these.
pub(super) async fn replace(
    connection: &mut PgConnection,
    tenant: &str,
    location_id: Uuid,
    at: DateTime<Utc>,
    refused: &[Refusal],
) -> Result<(), sqlx::Error> {
    let mut fingerprints = Vec::new();
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    for refusal in refused.iter().take(ERRORS_MAX) {
        let entity_ref = refusal.entity_ref.as_ref().map(|entity_ref| entity_ref.as_str());
        let fingerprint = Sha256::digest(json!([refusal.target, entity_ref, refusal.message]).to_string()).to_vec();
        if !seen.insert(fingerprint.clone()) {
            continue;
        }
        rows.push(Json(Row {
            id: Uuid::now_v7(),
            fingerprint: hex::encode(&fingerprint),
            entity_ref,
            is_team_only: refusal.is_team_only,
            guardian_ref: refusal
                .entity_ref
                .as_ref()
                .and_then(|entity_ref| guardian(entity_ref, refusal.owner_ref.as_ref())),
            message: &refusal.message,
            target: &refusal.target,
            line: refusal.line,
            column: refusal.column,
        }));
        fingerprints.push(fingerprint);
    }
    sqlx::query(include_str!("../../queries/ingest/processing_errors_keep.sql"))
        .bind(location_id)
        .bind(fingerprints)
        .execute(&mut *connection)
        .await?;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("../../queries/ingest/processing_errors_insert.sql"))
        .bind(rows)
        .bind(tenant)
        .bind(location_id)
        .bind(at)
        .execute(connection)
        .await?;
    Ok(())
}
