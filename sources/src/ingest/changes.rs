//! What every write leaves behind: history, change log and owner intervals, for any number of entities in one statement each.

use chrono::{DateTime, Utc};
use schema::FieldChange;
use serde_json::{Value, json};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{costs, deployments, facts::Facts};

/// One entity that was created, updated or deleted.
pub(super) struct Changed {
    pub(super) id: Uuid,
    pub(super) entity_ref: String,
    pub(super) kind: &'static str,
    pub(super) changes: Vec<FieldChange>,
    /// The owner from now on, where it changed or is new.
    pub(super) owner: Option<Option<String>>,
    /// What it was before; none when it is new.
    pub(super) before: Option<Facts>,
    /// What it is now, or was when it went.
    pub(super) now: Facts,
}

impl Changed {
    /// What a reader of the log decides by. A line of one that is gone tells its end twice, so that readers need not ask which it is.
    /// `moves_deployments`: others see its deployments now, which have no lines of their own for it.
    fn payload(&self, moves_deployments: bool) -> Value {
        let mut payload = self.now.to_json();
        let paths: Vec<&str> = self.changes.iter().map(|change| change.path.as_str()).collect();
        payload.insert("before".to_owned(), self.before.as_ref().map_or(Value::Null, |before| before.to_json().into()));
        payload.insert("changedFields".to_owned(), json!(paths));
        payload.insert("healed".to_owned(), json!(false));
        payload.insert("movesDeployments".to_owned(), json!(moves_deployments));
        Value::Object(payload)
    }

    /// Who guards what the revision tells, without doubles: that of before and that of now.
    fn guardians(&self) -> Vec<&str> {
        let hidden = self.before.iter().chain([&self.now]).filter(|facts| facts.is_team_only);
        let mut guardians: Vec<&str> = hidden.map(|facts| facts.guardian_ref.as_deref().unwrap_or_default()).collect();
        guardians.dedup();
        guardians
    }
}

/// Writes history, change log and owner intervals of these changes.
pub(super) async fn record(
    connection: &mut PgConnection,
    tenant: &str,
    actor: &str,
    at: DateTime<Utc>,
    changed: &[Changed],
) -> Result<(), sqlx::Error> {
    if changed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = changed.iter().map(|change| change.id).collect();
    let refs: Vec<&str> = changed.iter().map(|change| change.entity_ref.as_str()).collect();
    let kinds: Vec<&str> = changed.iter().map(|change| change.kind).collect();
    sqlx::query(include_str!("../../queries/ingest/revisions_insert.sql"))
        .bind(tenant)
        .bind(at)
        .bind(actor)
        .bind(&ids)
        .bind(&kinds)
        .bind(changed.iter().map(|change| Json(&change.changes)).collect::<Vec<_>>())
        .bind(changed.iter().map(|change| Json(change.guardians())).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    let moved = deployments::follow(connection, tenant, changed).await?;
    let payload = |change: &Changed| Json(change.payload(moved.contains(&change.entity_ref)));
    sqlx::query(include_str!("../../queries/ingest/changes_insert.sql"))
        .bind(tenant)
        .bind(&kinds)
        .bind(&refs)
        .bind(&ids)
        .bind(changed.iter().map(payload).collect::<Vec<_>>())
        .bind("entity")
        .execute(&mut *connection)
        .await?;
    costs::follow(connection, tenant, changed).await?;
    record_owners(connection, tenant, at, changed).await
}

async fn record_owners(
    connection: &mut PgConnection,
    tenant: &str,
    at: DateTime<Utc>,
    changed: &[Changed],
) -> Result<(), sqlx::Error> {
    let moved = |change: &&Changed| change.owner.is_some() || change.kind == "DELETED";
    let closed: Vec<Uuid> =
        changed.iter().filter(moved).filter(|change| change.kind != "CREATED").map(|change| change.id).collect();
    if !closed.is_empty() {
        sqlx::query(include_str!("../../queries/ingest/owner_intervals_close.sql"))
            .bind(closed)
            .bind(at)
            .execute(&mut *connection)
            .await?;
    }
    let opened: Vec<(&Changed, Option<&str>)> =
        changed.iter().filter_map(|change| Some((change, change.owner.as_ref()?.as_deref()))).collect();
    if !opened.is_empty() {
        sqlx::query(include_str!("../../queries/ingest/owner_intervals_open.sql"))
            .bind(tenant)
            .bind(at)
            .bind(opened.iter().map(|(change, _)| change.id).collect::<Vec<_>>())
            .bind(opened.iter().map(|(change, _)| change.entity_ref.as_str()).collect::<Vec<_>>())
            .bind(opened.iter().map(|(_, owner)| *owner).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
