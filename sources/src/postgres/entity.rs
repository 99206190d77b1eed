//! Entities by reference and by key.

use std::{
    borrow::Borrow,
    collections::{HashMap, HashSet},
    hash::{Hash, Hasher},
    sync::Arc,
};

use schema::{EntityRecord, EntityRef, Visibility};
use sqlx::{Encode, Postgres, QueryBuilder, Type, postgres::PgHasArrayType};
use uuid::Uuid;

use super::{Database, cells::Cells, columns::Columns, entity_row::EntityRow, visibility::push_visible};
use crate::SourceError;

/// Entities by their references; those that the caller may not see, or that are not there, are absent.
pub type ByRef = HashSet<Found, ahash::RandomState>;

/// An entity that is found by its reference, in a set or as the key of a map.
#[derive(Debug, Clone)]
pub struct Found(pub Arc<EntityRecord>);

impl Borrow<EntityRef> for Found {
    fn borrow(&self) -> &EntityRef {
        &self.0.entity_ref
    }
}

impl Hash for Found {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.entity_ref.hash(state);
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.0.entity_ref == other.0.entity_ref
    }
}

impl Eq for Found {}

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
    /// The entities with these references that the caller may see; one statement whatever their number. Look-ups of the same
    /// caller that come while one is under way are sent together.
    pub async fn entities_by_refs(
        &self,
        visibility: &Arc<Visibility>,
        refs: Vec<EntityRef>,
        columns: Columns,
    ) -> Result<Arc<ByRef>, SourceError> {
        self.ref_batches().load(self, visibility, refs, columns).await
    }

    /// The same, in a statement of its own.
    pub(super) async fn entities_by_refs_alone(
        &self,
        visibility: &Visibility,
        refs: impl Iterator<Item = EntityRef>,
        columns: Columns,
    ) -> Result<ByRef, SourceError> {
        let refs: Vec<String> = refs.map(String::from).collect();
        let found = self.entities_where(visibility, "entities_by_refs", columns, |query| {
            push_any(query, "e.ref", refs);
        });
        Ok(found.await?.into_iter().map(Found).collect())
    }

    /// The entities with these keys that the caller may see, in no order; one statement whatever their number.
    pub async fn entities_by_ids(
        &self,
        visibility: &Visibility,
        ids: &[Uuid],
        columns: Columns,
    ) -> Result<HashMap<Uuid, Arc<EntityRecord>>, SourceError> {
        let ids = ids.to_vec();
        let found = self.entities_where(visibility, "entities_by_ids", columns.and(Columns::ID), |query| {
            push_any(query, "e.id", ids);
        });
        Ok(found.await?.into_iter().map(|entity| (entity.id, entity)).collect())
    }

    async fn entities_where(
        &self,
        visibility: &Visibility,
        statement: &'static str,
        columns: Columns,
        push_condition: impl FnOnce(&mut QueryBuilder<Postgres>),
    ) -> Result<Vec<Arc<EntityRecord>>, SourceError> {
        let mut query = QueryBuilder::new(format!("-- {statement}\nselect "));
        columns.push(&mut query);
        query.push(" from entity e where ");
        push_visible(&mut query, "e", visibility);
        query.push(" and ");
        push_condition(&mut query);
        let read = |mut cells: Cells<'_>| Ok(EntityRow::read(&mut cells, columns)?.record);
        self.rows(statement, query, read).await
    }
}
