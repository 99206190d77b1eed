//! How entities go: first as orphans that nothing declares, then for good.

use chrono::{DateTime, Utc};
use schema::{FieldChange, Json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    changes::{Changed, record},
    facts::Facts,
};

/// Most entities that go in one statement: each is told whole in the change log.
const AT_ONCE_MAX: u16 = 1_000;

/// An entity about to go, with all that its last line in the change log tells.
#[derive(FromRow)]
pub(super) struct Leaving {
    pub(super) id: Uuid,
    pub(super) r#ref: String,
    #[sqlx(flatten)]
    pub(super) facts: Facts,
}

impl Leaving {
    fn change(self, kind: &'static str, changes: Vec<FieldChange>, before: Facts) -> Changed {
        Changed {
            id: self.id,
            entity_ref: self.r#ref,
            kind,
            changes,
            owner: None,
            before: Some(before),
            now: self.facts,
        }
    }
}

/// Marks entities as declared by nothing any more.
pub(super) async fn orphan(
    connection: &mut PgConnection,
    tenant: &str,
    actor: &str,
    at: DateTime<Utc>,
    ids: &[Uuid],
) -> Result<(), sqlx::Error> {
    let flag = |value: bool| Some(Json(value.into()));
    let change = FieldChange { path: "isOrphan".to_owned(), before: flag(false), after: flag(true) };
    let marked = |row: Leaving| {
        let before = row.facts.declared();
        row.change("UPDATED", vec![change.clone()], before)
    };
    for ids in ids.chunks(usize::from(AT_ONCE_MAX)) {
        let rows: Vec<Leaving> = sqlx::query_as(include_str!("../../queries/ingest/entities_orphan.sql"))
            .bind(ids)
            .bind(at)
            .fetch_all(&mut *connection)
            .await?;
        let changed: Vec<Changed> = rows.into_iter().map(marked).collect();
        record(connection, tenant, actor, at, &changed).await?;
    }
    Ok(())
}

/// Removes entities for good.
pub(super) async fn remove(
    connection: &mut PgConnection,
    tenant: &str,
    actor: &str,
    at: DateTime<Utc>,
    leaving: Vec<Leaving>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = leaving.iter().map(|row| row.id).collect();
    sqlx::query(include_str!("../../queries/ingest/entities_delete.sql")).bind(ids).execute(&mut *connection).await?;
    let gone = |row: Leaving| {
        let end = row.facts.clone();
        row.change("DELETED", Vec::new(), end)
    };
    let changed: Vec<Changed> = leaving.into_iter().map(gone).collect();
    record(connection, tenant, actor, at, &changed).await
}

/// Removes the tenant's orphans that have been one since before `horizon`; answers how many went.
pub(super) async fn remove_expired(
    connection: &mut PgConnection,
    tenant: &str,
    actor: &str,
    at: DateTime<Utc>,
    horizon: DateTime<Utc>,
) -> Result<usize, sqlx::Error> {
    let mut removed = 0;
    loop {
        let expired: Vec<Leaving> = sqlx::query_as(include_str!("../../queries/ingest/orphans_expired.sql"))
            .bind(tenant)
            .bind(horizon)
            .bind(i64::from(AT_ONCE_MAX))
            .fetch_all(&mut *connection)
            .await?;
        if expired.is_empty() {
            return Ok(removed);
        }
        removed += expired.len();
        remove(connection, tenant, actor, at, expired).await?;
    }
}
