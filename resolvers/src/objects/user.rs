//! `User`: a person, the teams and what the person owns.

use async_graphql::Context;
use schema::{EntityFilter, WebUrl};
use sources::postgres::{Edge, RelatedQuery};

use super::{EntityConnection, TeamConnection};
use crate::{
    connection::{EntityList, entity_connection},
    error::Nullable,
    objects::entity::entity_object,
};

entity_object! {
    /// A person.
    User of "user" {
        /// The person's name, for people to read.
        async fn display_name(&self) -> Option<String> {
            self.record.spec_text(&["profile", "displayName"]).map(str::to_owned)
        }
        /// Where to reach them.
        async fn email(&self) -> Option<String> {
            self.record.spec_text(&["profile", "email"]).map(str::to_owned)
        }
        /// Their picture.
        async fn picture_url(&self) -> Option<WebUrl> {
            self.record.spec_text(&["profile", "picture"]).and_then(WebUrl::read)
        }
        /// Teams they are in, by reference.
        #[graphql(directive = crate::cost::page::apply())]
        async fn member_of(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Also all teams above those.", default)] transitive: bool,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<TeamConnection> {
            let edge = if transitive { Edge::TeamsAbove } else { Edge::Relation("memberOf") };
            let list = RelatedQuery { edge, kind: Some("group"), filter: None };
            Some(Box::pin(EntityList::of_parent(ctx, &self.record.entity_ref, list, first, after)).await.map(Into::into))
        }
        /// What they own themselves, by reference.
        #[graphql(directive = crate::cost::page::apply())]
        async fn owns(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Only these.")] filter: Option<EntityFilter>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<EntityConnection> {
            let list = RelatedQuery { edge: Edge::Relation("ownerOf"), kind: None, filter };
            Some(Box::pin(EntityList::of_parent(ctx, &self.record.entity_ref, list, first, after)).await.map(Into::into))
        }
    }
}

entity_connection!(UserConnection, UserEdge, User, "A page of people.", "An item of a page of people.");
