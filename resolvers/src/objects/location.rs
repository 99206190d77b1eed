//! `Location`: a place that declares entities.

use async_graphql::Context;
use schema::DateTime;
use sources::postgres::{Edge, RelatedQuery};

use super::EntityConnection;
use crate::{
    connection::EntityList,
    error::{Nullable, OrFieldError},
    loaders::LastReadKey,
    objects::entity::entity_object,
    request::RequestData,
};

entity_object! {
    /// A place that declares entities, such as a catalog file in a repository.
    Location of "location" {
        /// How its targets are read, such as `url` or `file`.
        async fn r#type(&self) -> Option<String> {
            self.record.entity_type.clone()
        }
        /// The addresses or paths that are read.
        async fn targets(&self) -> Vec<String> {
            let spec = &self.record.body().spec.0;
            let single = spec.get("target").and_then(|target| target.as_str());
            let several = spec.get("targets").and_then(|targets| targets.as_array()).into_iter().flatten();
            single.into_iter().chain(several.filter_map(|target| target.as_str())).map(str::to_owned).collect()
        }
        /// When it was last read without an error; null before.
        async fn last_read_at(&self, ctx: &Context<'_>) -> Nullable<DateTime> {
            let key = LastReadKey(self.record.entity_ref.clone());
            RequestData::of(ctx).load_one(key).await.or_field_error().transpose()
        }
        /// Entities that it declares, by reference.
        #[graphql(directive = crate::cost::page::apply())]
        async fn entities(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<EntityConnection> {
            let list = RelatedQuery { edge: Edge::DeclaredBy, kind: None, filter: None };
            Some(Box::pin(EntityList::of_parent(ctx, &self.record.entity_ref, list, first, after)).await.map(Into::into))
        }
    }
}
