//! `Source`: a system that Weft reads from.

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use schema::{NodeId, SourceRecord};
use sources::Sources;

use crate::{
    connection::shown_count,
    error::{Nullable, OrFieldError},
    loaders::HealedKey,
    request::RequestData,
};

/// A system that Weft reads from.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct Source {
    #[graphql(flatten)]
    record: SourceRecord,
}

impl Source {
    /// All sources, by kind, then by name.
    pub fn all(sources: &Sources) -> Vec<Self> {
        sources.records().into_iter().map(|record| Self { record }).collect()
    }

    /// The source with this name.
    pub fn of_name(sources: &Sources, name: &str) -> Option<Self> {
        Self::all(sources).into_iter().find(|source| source.record.name == name)
    }
}

#[ComplexObject]
impl Source {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("Source", &self.record.name).encode())
    }

    /// Changes of the last 24 hours that no event had announced and reconciliation found.
    async fn healed_count(&self, ctx: &Context<'_>) -> Nullable<i32> {
        let count = RequestData::of(ctx).load_one(HealedKey(self.record.name.clone())).await.or_field_error();
        count.map(|count| count.map(shown_count)).transpose()
    }
}
