//! `Domain`: a part of the business.

use async_graphql::Context;
use schema::{CostQuery, EntityRef};
use sources::postgres::CostParent;

use super::{CostReport, SystemConnection};
use crate::{
    connection::entity_connection,
    error::Nullable,
    objects::entity::{entity_object, related},
};

entity_object! {
    /// A part of the business that systems serve.
    Domain of "domain" {
        /// What it is, in the organisation's own words.
        async fn r#type(&self) -> Option<String> {
            self.record.entity_type.clone()
        }
        /// The domain above this one, as declared.
        async fn subdomain_of_ref(&self) -> Option<EntityRef> {
            self.record.spec_ref("subdomainOf", "domain")
        }
        /// The domain above this one.
        async fn subdomain_of(&self, ctx: &Context<'_>) -> Nullable<Domain> {
            Domain::load(ctx, &self.record.spec_ref("subdomainOf", "domain")?).await.transpose()
        }
        /// Domains right below this one.
        #[graphql(directive = crate::cost::page::apply())]
        async fn subdomains(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<DomainConnection> {
            related!(self, ctx, "hasPart", Some("domain"), first, after)
        }
        /// Systems of this domain.
        #[graphql(directive = crate::cost::page::apply())]
        async fn systems(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<SystemConnection> {
            related!(self, ctx, "hasPart", Some("system"), first, after)
        }
        /// What its systems cost. Needs the scope `cost:read`.
        #[graphql(directive = crate::cost::cost::apply(20))]
        async fn cost(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Which charges, and how to group them; `domain` is given already.")] query: CostQuery,
        ) -> Nullable<CostReport> {
            Some(Box::pin(CostReport::load(ctx, query, CostParent::Domain, Some(&self.record.entity_ref))).await)
        }
    }
}

entity_connection!(DomainConnection, DomainEdge, Domain, "A page of domains.", "An item of a page of domains.");
