//! `Api`: what belongs to an interface.

use async_graphql::Context;
use schema::EntityRef;

use super::{ComponentConnection, System};
use crate::{
    connection::entity_connection,
    error::Nullable,
    objects::entity::{entity_object, related},
};

entity_object! {
    /// An interface that components offer to each other.
    Api of "api" {
        /// How it is described, such as `openapi`, `graphql`, `grpc` or `asyncapi`.
        async fn r#type(&self) -> String {
            self.record.entity_type.clone().unwrap_or_default()
        }
        /// How mature it is, such as `experimental`, `production` or `deprecated`.
        async fn lifecycle(&self) -> Option<String> {
            self.record.lifecycle.clone()
        }
        /// The description itself, in the language that `type` names; null when it is kept elsewhere and was not read.
        async fn definition(&self) -> Option<String> {
            self.record.spec_text(&["definition"]).map(str::to_owned)
        }
        /// The system that it is part of, as declared.
        async fn system_ref(&self) -> Option<EntityRef> {
            self.record.system_ref.clone()
        }
        /// The system that it is part of.
        async fn system(&self, ctx: &Context<'_>) -> Nullable<System> {
            System::load(ctx, &self.record.system_ref.clone()?).await.transpose()
        }
        /// Components that offer this API.
        #[graphql(directive = crate::cost::page::apply())]
        async fn provided_by(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<ComponentConnection> {
            related!(self, ctx, "apiProvidedBy", Some("component"), first, after)
        }
        /// Components that call this API.
        #[graphql(directive = crate::cost::page::apply())]
        async fn consumed_by(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<ComponentConnection> {
            related!(self, ctx, "apiConsumedBy", Some("component"), first, after)
        }
    }
}

entity_connection!(ApiConnection, ApiEdge, Api, "A page of APIs.", "An item of a page of APIs.");
