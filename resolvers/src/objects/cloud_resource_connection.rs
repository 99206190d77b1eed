//! What entities have in Azure, in pages by resource id.

use std::sync::Arc;

use async_graphql::Context;
use schema::{CloudResourceRecord, Cursor, EntityRecord, FILTER_VALUES_MAX, Page};

use super::CloudResource;
use crate::{
    connection::{nested_page, plain_connection, shown_count},
    error::{Result, bad_input},
    request::RequestData,
};

/// The order of the list, as cursors name it.
const ORDER: &str = "resourceId";

/// A page of cloud resources.
pub struct CloudResourceConnection {
    page: Arc<Page<Arc<CloudResourceRecord>>>,
    count: usize,
}

impl CloudResourceConnection {
    /// What the groups and tags that an entity names hold; none when Azure is not configured.
    pub async fn of_entity(
        ctx: &Context<'_>,
        entity: &EntityRecord,
        types: Option<Vec<String>>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Self>> {
        if types.as_ref().is_some_and(|types| types.len() > FILTER_VALUES_MAX) {
            return Err(bad_input(format!("`type` holds too many values: at most {FILTER_VALUES_MAX} are allowed")));
        }
        let args = nested_page(ctx, first, after)?;
        let after = args.after.as_deref().map(|after| Cursor::decode::<1>(after, ORDER)).transpose();
        let after = after.map_err(|error| bad_input(error.to_string()))?.map(|[key]| key);
        let request = RequestData::of(ctx);
        let Some(azure) = request.sources().azure() else { return Ok(None) };
        let found = request.live_many(ctx, azure.resource_keys(request.visibility(), entity)).await?;
        let types: Option<Vec<String>> = types.map(|types| types.iter().map(|name| name.to_lowercase()).collect());
        let is_wanted = |record: &&Arc<CloudResourceRecord>| {
            types.as_ref().is_none_or(|types| types.contains(&record.resource_type))
        };
        let wanted = found.iter().flat_map(|list| list.iter()).filter(is_wanted);
        let mut rows: Vec<(String, Arc<CloudResourceRecord>)> =
            wanted.map(|record| (record.key(), Arc::clone(record))).collect();
        rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        // One that lies in a named group and has a named tag too.
        rows.dedup_by(|(one, _), (other, _)| one == other);
        let count = rows.len();
        let begin = after.map_or(0, |after| rows.partition_point(|(key, _)| *key <= after));
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let rows = rows.into_iter().skip(begin).take(limit.saturating_add(1)).collect();
        let page = Page::of_rows(rows, &args, true, |(key, _)| Cursor::new(ORDER, [key.clone()]).encode());
        Ok(Some(Self { page: Arc::new(page.map(|(_, record)| record)), count }))
    }

    async fn count(&self, _: &Context<'_>) -> Result<i32> {
        Ok(shown_count(i64::try_from(self.count).unwrap_or(i64::MAX)))
    }
}

plain_connection!(
    CloudResourceConnection,
    CloudResourceEdge,
    CloudResource,
    "A page of cloud resources.",
    "An item of a page of cloud resources."
);
