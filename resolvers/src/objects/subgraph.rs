//! `Subgraph`: a GraphQL service that a team has published.

use async_graphql::{ComplexObject, Context, SimpleObject};
use schema::{DateTime, EntityRef, WebUrl};
use sources::postgres::SubgraphRecord;

use crate::{error::Nullable, objects::Owner};

/// A team's GraphQL service that is published as part of the graph.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Subgraph {
    /// Its name, unique.
    name: String,
    /// Where it answers.
    url: WebUrl,
    /// The version of the graph that its publication made.
    version: Option<i32>,
    /// Who answers for it, as published.
    owner_ref: Option<EntityRef>,
    /// When it was published last.
    published_at: DateTime,
    /// By whom: the subject of a token, or what a command was told.
    published_by: String,
}

impl Subgraph {
    /// What is published, as the graph shows it.
    pub fn of_record(record: SubgraphRecord) -> Self {
        Self {
            name: record.name,
            url: WebUrl(record.url),
            version: i32::try_from(record.version).ok(),
            owner_ref: record.owner.and_then(|owner| EntityRef::parse_with(&owner, Some("group"), "default").ok()),
            published_at: DateTime(record.published_at),
            published_by: record.published_by,
        }
    }
}

#[ComplexObject]
impl Subgraph {
    /// Who answers for it; null when nobody is named or they are not in the catalog.
    async fn owner(&self, ctx: &Context<'_>) -> Nullable<Owner> {
        let owner = self.owner_ref.as_ref()?;
        Owner::load(ctx, owner).await.transpose()
    }
}
