//! Roots of ownership.

use async_graphql::{Context, Object};
use schema::EntityFilter;

use crate::{
    catalog_query::may_read,
    error::{Nullable, OrFieldError},
    objects::OwnershipReport,
    request::RequestData,
};

/// The fields of `Query` that report on ownership.
#[derive(Default)]
pub struct OwnershipQuery;

#[Object]
impl OwnershipQuery {
    /// How much of the catalog has an owner, and where one is missing.
    async fn ownership_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Count only these entities.")] filter: Option<EntityFilter>,
    ) -> Nullable<OwnershipReport> {
        let report = async {
            may_read(ctx, "ownershipReport").await?;
            let request = RequestData::of(ctx);
            let report = request.sources().database().ownership_report(request.visibility(), filter.as_ref());
            Ok(OwnershipReport(report.await.or_field_error()?))
        };
        Some(Box::pin(report).await)
    }
}
