//! Entities by reference and by key, and how a row becomes a record.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schema::{EntityBody, EntityRecord, EntityRef, Visibility};
use sqlx::{
    Encode, FromRow, Postgres, QueryBuilder, Row, Type,
    postgres::{PgHasArrayType, PgRow},
    types::Json,
};
use uuid::Uuid;

use super::{Database, visibility::push_visible};
use crate::SourceError;

/// The columns of every [`EntityRow`], of a table called `e`, in the order in which they are decoded.
macro_rules! head_columns {
    () => {
        "e.id, e.ref, e.kind, e.namespace, e.name, e.title, e.description, e.type, e.lifecycle, e.owner_ref, \
         e.system_ref, e.orphaned_at is not null as is_orphan, e.created_at, e.updated_at, e.sort_name"
    };
}

/// How many columns every row has.
const HEAD_COLUMNS: usize = 15;

/// What of entities is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Projection {
    /// The body too: labels, annotations, tags, links and `spec`.
    pub body: bool,
    /// A cursor for each row of a page, not only for its ends.
    pub cursors: bool,
}

impl Projection {
    /// Everything.
    pub const WHOLE: Self = Self { body: true, cursors: true };

    /// The columns to select first.
    pub(super) fn columns(self) -> &'static str {
        match self.body {
            true => concat!(head_columns!(), ", true as has_body, e.labels, e.annotations, e.tags, e.links, e.spec"),
            false => concat!(head_columns!(), ", false as has_body"),
        }
    }
}

/// A row of `entity`.
pub(super) struct EntityRow {
    record: EntityRecord,
    /// What the order `NAME` compares; only cursors need it.
    pub(super) sort_name: String,
}

/// By place, not by name: a look-up of twenty names for each row is a tenth of a list's time.
impl<'r> FromRow<'r, PgRow> for EntityRow {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let body = match row.try_get(HEAD_COLUMNS)? {
            true => Some(Box::new(EntityBody {
                labels: row.try_get::<Json<_>, _>(HEAD_COLUMNS + 1)?.0,
                annotations: row.try_get::<Json<_>, _>(HEAD_COLUMNS + 2)?.0,
                tags: row.try_get(HEAD_COLUMNS + 3)?,
                links: row.try_get::<Json<_>, _>(HEAD_COLUMNS + 4)?.0,
                spec: row.try_get::<Json<_>, _>(HEAD_COLUMNS + 5)?.0,
            })),
            false => None,
        };
        let record = EntityRecord {
            id: row.try_get(0)?,
            entity_ref: EntityRef::stored(row.try_get(1)?),
            kind: row.try_get(2)?,
            namespace: row.try_get(3)?,
            name: row.try_get(4)?,
            title: row.try_get(5)?,
            description: row.try_get(6)?,
            entity_type: row.try_get(7)?,
            lifecycle: row.try_get(8)?,
            owner_ref: row.try_get::<Option<String>, _>(9)?.map(EntityRef::stored),
            system_ref: row.try_get::<Option<String>, _>(10)?.map(EntityRef::stored),
            is_orphan: row.try_get(11)?,
            created_at: row.try_get(12)?,
            updated_at: row.try_get(13)?,
            body,
        };
        Ok(Self { record, sort_name: row.try_get(14)? })
    }
}

impl From<EntityRow> for EntityRecord {
    fn from(row: EntityRow) -> Self {
        row.record
    }
}

impl EntityRow {
    /// The reference.
    pub(super) fn entity_ref(&self) -> &str {
        self.record.entity_ref.as_str()
    }

    /// When it last changed.
    pub(super) fn updated_at(&self) -> DateTime<Utc> {
        self.record.updated_at
    }

    /// When it came into the catalog.
    pub(super) fn created_at(&self) -> DateTime<Utc> {
        self.record.created_at
    }
}

/// Appends `column = any(values)`, or `=` for one value. Postgres guesses that an array has ten values: as long as it sees the
/// real one, plans made for it look cheaper, and so it plans each time, which takes three times as long as the look-up. In a
/// sub-select it does not see it.
fn push_any<T>(query: &mut QueryBuilder<Postgres>, column: &str, mut values: Vec<T>)
where
    T: 'static + Send + Encode<'static, Postgres> + Type<Postgres> + PgHasArrayType,
    Vec<T>: Encode<'static, Postgres>,
{
    match values.pop() {
        Some(only) if values.is_empty() => {
            query.push(format_args!("{column} = ")).push_bind(only);
        }
        last => {
            values.extend(last);
            query.push(format_args!("{column} = any((select ")).push_bind(values);
            query.push(format_args!(")::{}[])", T::type_info()));
        }
    }
}

impl Database {
    /// The entities with these references that the caller may see, in no order; one statement whatever their number.
    pub async fn entities_by_refs(
        &self,
        visibility: &Visibility,
        refs: &[EntityRef],
        projection: Projection,
    ) -> Result<HashMap<EntityRef, EntityRecord>, SourceError> {
        let refs: Vec<String> = refs.iter().map(|entity_ref| entity_ref.as_str().to_owned()).collect();
        let rows = self.entities_where(visibility, "entities_by_refs", projection, |query| {
            push_any(query, "e.ref", refs);
        });
        Ok(rows.await?.into_iter().map(EntityRecord::from).map(|entity| (entity.entity_ref.clone(), entity)).collect())
    }

    /// The entities with these keys that the caller may see, in no order; one statement whatever their number.
    pub async fn entities_by_ids(
        &self,
        visibility: &Visibility,
        ids: &[Uuid],
        projection: Projection,
    ) -> Result<HashMap<Uuid, EntityRecord>, SourceError> {
        let ids = ids.to_vec();
        let rows = self.entities_where(visibility, "entities_by_ids", projection, |query| {
            push_any(query, "e.id", ids);
        });
        Ok(rows.await?.into_iter().map(EntityRecord::from).map(|entity| (entity.id, entity)).collect())
    }

    async fn entities_where(
        &self,
        visibility: &Visibility,
        statement: &'static str,
        projection: Projection,
        push_condition: impl FnOnce(&mut QueryBuilder<Postgres>),
    ) -> Result<Vec<EntityRow>, SourceError> {
        let columns = projection.columns();
        let mut query = QueryBuilder::new(format!("-- {statement}\nselect {columns} from entity e where "));
        push_visible(&mut query, "e", visibility);
        query.push(" and ");
        push_condition(&mut query);
        self.all(statement, query.build_query_as()).await
    }
}
