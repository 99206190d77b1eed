//! `EntityRevision`: the history of an entity.

use std::sync::Arc;

use async_graphql::Context;
use schema::{EntityRevisionRecord, Page};
use uuid::Uuid;

use crate::{
    connection::{needs_page, nested_page, plain_connection, shown_count},
    error::{OrFieldError, Result},
    loaders::{RevisionCountKey, RevisionPageKey},
    request::RequestData,
};

/// One change of an entity, with what it changed.
#[derive(async_graphql::SimpleObject)]
pub struct EntityRevision {
    #[graphql(flatten)]
    record: EntityRevisionRecord,
}

impl EntityRevision {
    fn from_row(row: &EntityRevisionRecord) -> Self {
        Self { record: row.clone() }
    }
}

/// A page of revisions.
pub struct EntityRevisionConnection {
    entity: Uuid,
    page: Arc<Page<EntityRevisionRecord>>,
}

impl EntityRevisionConnection {
    /// The changes of an entity that the caller was shown.
    pub async fn load(ctx: &Context<'_>, entity: Uuid, first: Option<i32>, after: Option<String>) -> Result<Self> {
        let page = nested_page(ctx, first, after)?;
        let page = if needs_page(ctx) {
            let loaded = RequestData::of(ctx).load_one(RevisionPageKey { page, entity }).await;
            loaded.or_field_error()?.transpose().or_field_error()?.unwrap_or_default()
        } else {
            Arc::default()
        };
        Ok(Self { entity, page })
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = RequestData::of(ctx).load_one(RevisionCountKey(self.entity)).await;
        Ok(shown_count(count.or_field_error()?.unwrap_or_default()))
    }
}

plain_connection!(
    EntityRevisionConnection,
    EntityRevisionEdge,
    EntityRevision,
    "A page of revisions.",
    "An item of a page of revisions."
);
