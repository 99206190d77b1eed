//! `Relation`: one directed relation, seen from one end.

use std::sync::Arc;

use async_graphql::{Context, Object};
use schema::{EntityRef, FILTER_VALUES_MAX, Page, RelationRecord};
use sources::postgres::RelationQuery;

use super::Entity;
use crate::{
    connection::{needs_page, nested_page, plain_connection, shown_count},
    error::{Nullable, OrFieldError, Result, bad_input},
    loaders::{RelationCountKey, RelationPageKey},
    request::RequestData,
};

/// One directed relation. Each relation is listed at both of its ends, under paired types such as `dependsOn` and
/// `dependencyOf`.
pub struct Relation(RelationRecord);

impl Relation {
    fn from_row(row: &RelationRecord) -> Self {
        Self(row.clone())
    }
}

/// One directed relation. Each relation is listed at both of its ends, under paired types such as `dependsOn` and
/// `dependencyOf`.
#[Object]
impl Relation {
    /// What the relation says, such as `ownedBy`, `partOf` or `dependsOn`.
    async fn r#type(&self) -> &str {
        &self.0.relation_type
    }
    /// The other end, as declared.
    async fn target_ref(&self) -> EntityRef {
        self.0.target_ref.clone()
    }
    /// The other end; null when it is not in the catalog.
    async fn target(&self, ctx: &Context<'_>) -> Nullable<Entity> {
        Entity::load(ctx, &self.0.target_ref).await.transpose()
    }
}

/// A page of relations.
pub struct RelationConnection {
    list: Arc<RelationQuery>,
    parent: EntityRef,
    page: Arc<Page<RelationRecord>>,
}

impl RelationConnection {
    /// The relations of `parent`.
    pub async fn load(
        ctx: &Context<'_>,
        parent: &EntityRef,
        types: Option<Vec<String>>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Self> {
        if types.as_ref().is_some_and(|types| types.len() > FILTER_VALUES_MAX) {
            return Err(bad_input(format!("`type` holds too many values: at most {FILTER_VALUES_MAX} are allowed")));
        }
        if types.iter().flatten().any(|value| value.contains('\0')) {
            return Err(bad_input("`type` holds a NUL character"));
        }
        let page = nested_page(ctx, first, after)?;
        let list = Arc::new(RelationQuery { types });
        let page = if needs_page(ctx) {
            let key = RelationPageKey { list: Arc::clone(&list), page, parent: parent.clone() };
            let loaded = RequestData::of(ctx).load_one(key).await.or_field_error()?;
            loaded.transpose().or_field_error()?.unwrap_or_default()
        } else {
            Arc::default()
        };
        Ok(Self { list, parent: parent.clone(), page })
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<i32> {
        let key = RelationCountKey { list: Arc::clone(&self.list), parent: self.parent.clone() };
        let count = RequestData::of(ctx).load_one(key).await.or_field_error()?;
        Ok(shown_count(count.transpose().or_field_error()?.unwrap_or_default()))
    }
}

plain_connection!(
    RelationConnection,
    RelationEdge,
    Relation,
    "A page of relations.",
    "An item of a page of relations."
);
