//! `System`: what works together.

use async_graphql::Context;
use schema::{CostQuery, EntityRef};
use sources::postgres::CostParent;

use super::{ApiConnection, ComponentConnection, CostReport, Domain, ResourceConnection};
use crate::{
    connection::entity_connection,
    error::Nullable,
    objects::entity::{entity_object, related},
};

entity_object! {
    /// Components, APIs and resources that work together.
    System of "system" {
        /// What it is, in the organisation's own words.
        async fn r#type(&self) -> Option<String> {
            self.record.entity_type.clone()
        }
        /// The domain that it belongs to, as declared.
        async fn domain_ref(&self) -> Option<EntityRef> {
            self.record.spec_ref("domain", "domain")
        }
        /// The domain that it belongs to.
        async fn domain(&self, ctx: &Context<'_>) -> Nullable<Domain> {
            Domain::load(ctx, &self.record.spec_ref("domain", "domain")?).await.transpose()
        }
        /// Components of this system.
        #[graphql(directive = crate::cost::page::apply())]
        async fn components(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<ComponentConnection> {
            related!(self, ctx, "hasPart", Some("component"), first, after)
        }
        /// APIs of this system.
        #[graphql(directive = crate::cost::page::apply())]
        async fn apis(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<ApiConnection> {
            related!(self, ctx, "hasPart", Some("api"), first, after)
        }
        /// Resources of this system.
        #[graphql(directive = crate::cost::page::apply())]
        async fn resources(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<ResourceConnection> {
            related!(self, ctx, "hasPart", Some("resource"), first, after)
        }
        /// What it costs. Needs the scope `cost:read`.
        #[graphql(directive = crate::cost::cost::apply(20))]
        async fn cost(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Which charges, and how to group them; `system` is given already.")] query: CostQuery,
        ) -> Nullable<CostReport> {
            Some(Box::pin(CostReport::load(ctx, query, CostParent::System, Some(&self.record.entity_ref))).await)
        }
    }
}

entity_connection!(SystemConnection, SystemEdge, System, "A page of systems.", "An item of a page of systems.");
