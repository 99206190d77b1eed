//! `Source`: a system that Weft reads from.

use async_graphql::{ComplexObject, ID, SimpleObject};
use schema::{NodeId, SourceRecord};
use sources::Sources;

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
}
