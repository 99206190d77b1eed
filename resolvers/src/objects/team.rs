//! `Team`: who is in it, what is below it and what it owns.

use async_graphql::Context;
use schema::{CostQuery, DateRange, DeliveryMetrics, EntityFilter, EntityRef, WebUrl};
use sources::postgres::{CostParent, Edge, Measured, RelatedQuery};

use super::{CostReport, EntityConnection, UserConnection, delivery};
use crate::{
    connection::{EntityList, entity_connection},
    error::Nullable,
    objects::entity::{entity_object, related},
};

entity_object! {
    /// A team or any other group of people; in the catalog its kind is `Group`.
    Team of "group" {
        /// What it is, such as `team`, `business-unit` or `root`.
        async fn r#type(&self) -> String {
            self.record.entity_type.clone().unwrap_or_default()
        }
        /// Where to reach it.
        async fn email(&self) -> Option<String> {
            self.record.spec_text(&["profile", "email"]).map(str::to_owned)
        }
        /// Its picture.
        async fn picture_url(&self) -> Option<WebUrl> {
            self.record.spec_text(&["profile", "picture"]).and_then(WebUrl::read)
        }
        /// The team above this one, as declared.
        async fn parent_ref(&self) -> Option<EntityRef> {
            self.record.spec_ref("parent", "group")
        }
        /// The team above this one.
        async fn parent(&self, ctx: &Context<'_>) -> Nullable<Team> {
            Team::load(ctx, &self.record.spec_ref("parent", "group")?).await.transpose()
        }
        /// Teams right below this one.
        #[graphql(directive = crate::cost::page::apply())]
        async fn children(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<TeamConnection> {
            related!(self, ctx, "parentOf", Some("group"), first, after)
        }
        /// People in this team, by reference.
        #[graphql(directive = crate::cost::page::apply())]
        async fn members(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Also the people in all teams below.", default)] transitive: bool,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<UserConnection> {
            let edge = match transitive {
                true => Edge::RelationOfTeamsBelow("hasMember"),
                false => Edge::Relation("hasMember"),
            };
            let list = RelatedQuery { edge, kind: Some("user"), filter: None };
            Some(Box::pin(EntityList::of_parent(ctx, &self.record.entity_ref, list, first, after)).await.map(Into::into))
        }
        /// What this team owns, by reference.
        #[graphql(directive = crate::cost::page::apply())]
        async fn owns(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Only these.")] filter: Option<EntityFilter>,
            #[graphql(desc = "Also what all teams below own.", default)] transitive: bool,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<EntityConnection> {
            let edge = match transitive {
                true => Edge::RelationOfTeamsBelow("ownerOf"),
                false => Edge::Relation("ownerOf"),
            };
            let list = RelatedQuery { edge, kind: None, filter };
            Some(Box::pin(EntityList::of_parent(ctx, &self.record.entity_ref, list, first, after)).await.map(Into::into))
        }
        /// DORA's five measures. Needs the scope `deployments:read`.
        #[graphql(directive = crate::cost::cost::apply(2))]
        async fn delivery(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Days to measure, at most 400.")] range: DateRange,
            #[graphql(desc = "Only these environments; those of the tier `PRODUCTION` unless given.")] environment: Option<
                Vec<String>,
            >,
        ) -> Nullable<DeliveryMetrics> {
            Some(delivery::measure(ctx, Measured::Team, &self.record.entity_ref, range, environment).await)
        }
        /// What it costs, all teams below included. Needs the scope `cost:read`.
        #[graphql(directive = crate::cost::cost::apply(20))]
        async fn cost(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Which charges, and how to group them; `team` is given already.")] query: CostQuery,
        ) -> Nullable<CostReport> {
            Some(Box::pin(CostReport::load(ctx, query, CostParent::Team, Some(&self.record.entity_ref))).await)
        }
    }
}

entity_connection!(TeamConnection, TeamEdge, Team, "A page of teams.", "An item of a page of teams.");
