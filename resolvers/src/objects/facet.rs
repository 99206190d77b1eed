//! `FacetCount`: how often a value occurs.

use async_graphql::{ComplexObject, Context, SimpleObject};
use schema::{EntityFacet, EntityRef, FacetCountRecord};

use super::Entity;
use crate::{connection::shown_count, error::Nullable};

/// How often a value occurs among all entities that match, not only those of this page.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct FacetCount {
    /// What was counted.
    facet: EntityFacet,
    /// The value.
    value: String,
    /// Entities with this value.
    count: i32,
}

impl From<FacetCountRecord> for FacetCount {
    fn from(record: FacetCountRecord) -> Self {
        Self { facet: record.facet, value: record.value, count: shown_count(record.count) }
    }
}

#[ComplexObject]
impl FacetCount {
    /// The owner or system that `value` refers to.
    async fn entity(&self, ctx: &Context<'_>) -> Nullable<Entity> {
        if !matches!(self.facet, EntityFacet::Owner | EntityFacet::System) {
            return None;
        }
        Entity::load(ctx, &EntityRef::stored(self.value.clone())).await.transpose()
    }
}
