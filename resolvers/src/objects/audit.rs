//! `AuditRecord`: who did what.

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use schema::{AuditFilter, AuditRecord, NodeId, Page, PageArgs};
use uuid::Uuid;

use crate::{
    connection::{needs_page, plain_connection, shown_count},
    error::{OrFieldError, Result},
    request::RequestData,
};

/// Something that was done, tried or refused. Records are never changed; each holds the hash of the one before.
#[derive(SimpleObject, Clone)]
#[graphql(complex, name = "AuditRecord")]
pub struct AuditObject {
    #[graphql(flatten)]
    record: AuditRecord,
}

#[ComplexObject]
impl AuditObject {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        ID(NodeId::of("AuditRecord", self.record.key).encode())
    }
}

impl AuditObject {
    fn from_row(row: &AuditRecord) -> Self {
        Self { record: row.clone() }
    }

    /// The record with this key.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let Ok(key) = Uuid::try_parse(key) else { return Ok(None) };
        let request = RequestData::of(ctx);
        let found = request.sources().database().audit_by_keys(request.visibility(), &[key]).await.or_field_error()?;
        Ok(found.into_iter().next().map(|record| Self { record }))
    }
}

/// A page of audit records.
pub struct AuditConnection {
    filter: AuditFilter,
    page: Page<AuditRecord>,
}

impl AuditConnection {
    /// The records that match.
    pub async fn load(ctx: &Context<'_>, filter: AuditFilter, page: PageArgs) -> Result<Self> {
        let request = RequestData::of(ctx);
        let page = if needs_page(ctx) {
            request.sources().database().audit_page(request.visibility(), &filter, &page).await.or_field_error()?
        } else {
            Page::default()
        };
        Ok(Self { filter, page })
    }

    async fn count(&self, ctx: &Context<'_>) -> Result<i32> {
        let request = RequestData::of(ctx);
        let count = request.sources().database().audit_count(request.visibility(), &self.filter).await;
        Ok(shown_count(count.or_field_error()?))
    }
}

plain_connection!(
    AuditConnection,
    AuditEdge,
    AuditObject,
    "A page of audit records.",
    "An item of a page of audit records."
);
