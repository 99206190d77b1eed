//! Entities by reference and by key, and how a row becomes a record.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schema::{EntityLink, EntityRecord, EntityRef, JsonObject, Visibility};
use sqlx::{FromRow, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{Database, visibility::push_visible};
use crate::SourceError;

/// The columns of [`EntityRow`], of a table called `e`.
pub(super) const ENTITY_COLUMNS: &str = "e.id, e.ref, e.kind, e.namespace, e.name, e.title, e.description, e.labels, \
     e.annotations, e.tags, e.links, e.spec, e.type, e.lifecycle, e.owner_ref, e.system_ref, \
     e.orphaned_at is not null as is_orphan, e.created_at, e.updated_at, e.sort_name";

/// A row of `entity`.
#[derive(FromRow)]
pub(super) struct EntityRow {
    id: Uuid,
    r#ref: String,
    kind: String,
    namespace: String,
    name: String,
    title: Option<String>,
    description: Option<String>,
    labels: Json<JsonObject>,
    annotations: Json<JsonObject>,
    tags: Vec<String>,
    links: Json<Vec<EntityLink>>,
    spec: Json<JsonObject>,
    r#type: Option<String>,
    lifecycle: Option<String>,
    owner_ref: Option<String>,
    system_ref: Option<String>,
    is_orphan: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What the order `NAME` compares; only cursors need it.
    pub(super) sort_name: String,
}

impl From<EntityRow> for EntityRecord {
    fn from(row: EntityRow) -> Self {
        Self {
            id: row.id,
            entity_ref: EntityRef::stored(row.r#ref),
            kind: row.kind,
            namespace: row.namespace,
            name: row.name,
            title: row.title,
            description: row.description,
            labels: row.labels.0,
            annotations: row.annotations.0,
            tags: row.tags,
            links: row.links.0,
            spec: row.spec.0,
            entity_type: row.r#type,
            lifecycle: row.lifecycle,
            owner_ref: row.owner_ref.map(EntityRef::stored),
            system_ref: row.system_ref.map(EntityRef::stored),
            is_orphan: row.is_orphan,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl EntityRow {
    /// The reference.
    pub(super) fn entity_ref(&self) -> &str {
        &self.r#ref
    }

    /// When it last changed.
    pub(super) fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }

    /// When it came into the catalog.
    pub(super) fn created_at(&self) -> DateTime<Utc> {
        self.created_at
    }
}

impl Database {
    /// The entities with these references that the caller may see, in no order; one statement whatever their number.
    pub async fn entities_by_refs(
        &self,
        visibility: &Visibility,
        refs: &[EntityRef],
    ) -> Result<HashMap<EntityRef, EntityRecord>, SourceError> {
        let refs: Vec<String> = refs.iter().map(|entity_ref| entity_ref.as_str().to_owned()).collect();
        let rows = self.entities_where(visibility, "entities_by_refs", |query| {
            query.push("e.ref = any(").push_bind(refs).push(")");
        });
        Ok(rows.await?.into_iter().map(EntityRecord::from).map(|entity| (entity.entity_ref.clone(), entity)).collect())
    }

    /// The entities with these keys that the caller may see, in no order; one statement whatever their number.
    pub async fn entities_by_ids(
        &self,
        visibility: &Visibility,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, EntityRecord>, SourceError> {
        let ids = ids.to_vec();
        let rows = self.entities_where(visibility, "entities_by_ids", |query| {
            query.push("e.id = any(").push_bind(ids).push(")");
        });
        Ok(rows.await?.into_iter().map(EntityRecord::from).map(|entity| (entity.id, entity)).collect())
    }

    async fn entities_where(
        &self,
        visibility: &Visibility,
        statement: &'static str,
        push_condition: impl FnOnce(&mut QueryBuilder<Postgres>),
    ) -> Result<Vec<EntityRow>, SourceError> {
        let mut query = QueryBuilder::new(format!("-- {statement}\nselect {ENTITY_COLUMNS} from entity e where "));
        push_visible(&mut query, "e", visibility);
        query.push(" and ");
        push_condition(&mut query);
        self.timed(statement, query.build_query_as().fetch_all(self.pool())).await
    }
}
