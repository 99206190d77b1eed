//! History of entities. It is asked only for entities that the caller was just shown; what one said while it was team-only
//! is still told to its guardians of then alone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schema::{ChangeKind, Cursor, EntityRevisionRecord, FieldChange, Page, PageArgs, Visibility};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::Database;
use crate::SourceError;

const ORDER: &str = "revision.desc";

#[derive(FromRow)]
struct Row {
    entity_id: Uuid,
    position: i64,
    at: DateTime<Utc>,
    kind: String,
    actor: Option<String>,
    changes: Json<Vec<FieldChange>>,
}

impl From<Row> for EntityRevisionRecord {
    fn from(row: Row) -> Self {
        let kind = match row.kind.as_str() {
            "CREATED" => ChangeKind::Created,
            "DELETED" => ChangeKind::Deleted,
            _ => ChangeKind::Updated,
        };
        Self { position: row.position, at: row.at.into(), kind, actor: row.actor, changes: row.changes.0 }
    }
}

impl Database {
    /// The same page of each entity's changes that the caller may see, newest first; one statement. `ids` are entities that the caller sees.
    pub async fn revisions_pages(
        &self,
        visibility: &Visibility,
        page: &PageArgs,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Page<EntityRevisionRecord>>, SourceError> {
        let before = match &page.after {
            Some(after) => {
                let [position] = Cursor::decode::<1>(after, ORDER)?;
                position.parse().map_err(|_| schema::CursorError)?
            }
            None => i64::MAX,
        };
        let rows = sqlx::query_as::<_, Row>(include_str!("../../queries/history/revisions_pages.sql"))
            .bind(&visibility.tenant)
            .bind(ids)
            .bind(before)
            .bind(i64::from(page.limit) + 1)
            .bind(visibility.sees_all())
            .bind(visibility.own_refs());
        let mut by_id: HashMap<Uuid, Vec<EntityRevisionRecord>> = HashMap::new();
        for row in self.all("revisions_pages", rows).await? {
            by_id.entry(row.entity_id).or_default().push(row.into());
        }
        let cursor = |revision: &EntityRevisionRecord| Cursor::new(ORDER, [revision.position.to_string()]).encode();
        Ok(by_id.into_iter().map(|(id, rows)| (id, Page::of_rows(rows, page, true, cursor))).collect())
    }

    /// How many changes of each entity the caller may see; one statement. `ids` are entities that the caller sees.
    pub async fn revisions_counts(
        &self,
        visibility: &Visibility,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, i64>, SourceError> {
        let rows = sqlx::query_as::<_, (Uuid, i64)>(include_str!("../../queries/history/revisions_counts.sql"))
            .bind(&visibility.tenant)
            .bind(ids)
            .bind(visibility.sees_all())
            .bind(visibility.own_refs());
        Ok(self.all("revisions_counts", rows).await?.into_iter().collect())
    }
}
