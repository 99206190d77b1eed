//! Reads of deployments: pages, counts, and single ones by key. Lists are newest first, then by key.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use schema::{Cursor, DeploymentFilter, DeploymentRecord, EntityRef, Page, PageArgs, Visibility};
use sqlx::{FromRow, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    Database,
    deployment_filter::{Driver, push_filter},
    deployment_row::{COLUMNS, DeploymentRow, created_at},
    visibility::push_visible,
};
use crate::SourceError;

const ORDER: &str = "deployment.desc";

/// Most deployments that are counted: beyond it a count takes longer than anybody waits for a figure.
pub const DEPLOYMENTS_COUNTED_MAX: i64 = 100_000;

#[derive(FromRow)]
struct OfParent {
    parent_ref: String,
    #[sqlx(flatten)]
    row: DeploymentRow,
}

impl Database {
    /// A page of the deployments that match; one statement.
    pub async fn deployments_page(
        &self,
        visibility: &Visibility,
        filter: &DeploymentFilter,
        page: &PageArgs,
    ) -> Result<Page<Arc<DeploymentRecord>>, SourceError> {
        filter.validate()?;
        let mut query = QueryBuilder::new("-- deployments_page\nselect ");
        query.push(COLUMNS);
        let driver = Driver::of(filter);
        if let Driver::Several { column, values } = &driver {
            // As many short walks as there are values, each in the order of an index, instead of one walk over everything.
            query.push(" from unnest(").push_bind(values.clone());
            query.push("::text[]) as v(value) cross join lateral (select * from deployment d where ");
            query.push(format_args!("d.{column} = v.value and "));
        } else {
            query.push(" from deployment d where ");
        }
        push_visible(&mut query, "d", visibility);
        push_filter(&mut query, filter, driver.column());
        push_bounds(&mut query, page)?;
        push_order(&mut query, page);
        if driver.column().is_some() {
            query.push(") d");
            push_order(&mut query, page);
        }
        let rows: Vec<DeploymentRow> = self.all("deployments_page", query.build_query_as()).await?;
        Ok(paged(rows, page))
    }

    /// How many deployments match; one statement. Counts no further than one beyond [`DEPLOYMENTS_COUNTED_MAX`].
    pub async fn deployments_count(
        &self,
        visibility: &Visibility,
        filter: &DeploymentFilter,
    ) -> Result<i64, SourceError> {
        filter.validate()?;
        let mut query =
            QueryBuilder::new("-- deployments_count\nselect count(*) from (select from deployment d where ");
        push_visible(&mut query, "d", visibility);
        push_filter(&mut query, filter, None);
        query.push(format_args!(" limit {}) d", DEPLOYMENTS_COUNTED_MAX + 1));
        Ok(self.one::<(i64,)>("deployments_count", query.build_query_as()).await?.0)
    }

    /// The same page of each component's deployments that match; one statement whatever the number of components.
    pub async fn component_deployments_pages(
        &self,
        visibility: &Visibility,
        filter: &DeploymentFilter,
        page: &PageArgs,
        components: &[EntityRef],
    ) -> Result<HashMap<EntityRef, Page<Arc<DeploymentRecord>>>, SourceError> {
        filter.validate()?;
        let mut query = QueryBuilder::new("-- component_deployments_pages\nselect p.ref as parent_ref, ");
        query.push(COLUMNS);
        push_parents(&mut query, components);
        query.push(" cross join lateral (select * from deployment d where d.component_ref = p.ref and ");
        push_visible(&mut query, "d", visibility);
        push_filter(&mut query, filter, None);
        push_bounds(&mut query, page)?;
        push_order(&mut query, page);
        query.push(") d order by d.created_at ").push(direction(page)).push(", d.id ").push(direction(page));
        let rows: Vec<OfParent> = self.all("component_deployments_pages", query.build_query_as()).await?;
        let mut by_parent: HashMap<EntityRef, Vec<DeploymentRow>> = HashMap::new();
        for row in rows {
            by_parent.entry(EntityRef::stored(row.parent_ref)).or_default().push(row.row);
        }
        Ok(by_parent.into_iter().map(|(parent, rows)| (parent, paged(rows, page))).collect())
    }

    /// How many deployments of each component match, as [`Database::deployments_count`] says; one statement.
    pub async fn component_deployments_counts(
        &self,
        visibility: &Visibility,
        filter: &DeploymentFilter,
        components: &[EntityRef],
    ) -> Result<HashMap<EntityRef, i64>, SourceError> {
        filter.validate()?;
        let mut query = QueryBuilder::new("-- component_deployments_counts\nselect p.ref, c.count");
        push_parents(&mut query, components);
        query.push(
            " cross join lateral (select count(*) from (select from deployment d where d.component_ref = p.ref and ",
        );
        push_visible(&mut query, "d", visibility);
        push_filter(&mut query, filter, None);
        query.push(format_args!(" limit {}) d) c", DEPLOYMENTS_COUNTED_MAX + 1));
        let rows: Vec<(String, i64)> = self.all("component_deployments_counts", query.build_query_as()).await?;
        Ok(rows.into_iter().map(|(component, count)| (EntityRef::stored(component), count)).collect())
    }

    /// The deployments with these keys, by key; one statement.
    pub async fn deployments_by_keys(
        &self,
        visibility: &Visibility,
        keys: &[Uuid],
    ) -> Result<HashMap<Uuid, Arc<DeploymentRecord>>, SourceError> {
        let (moments, keys): (Vec<DateTime<Utc>>, Vec<Uuid>) =
            keys.iter().filter_map(|key| Some((created_at(*key)?, *key))).unzip();
        let mut query = QueryBuilder::new("-- deployments_by_keys\nselect ");
        query.push(COLUMNS).push(" from unnest(").push_bind(moments).push(", ").push_bind(keys);
        query.push(") as k(created_at, id) join deployment d on d.created_at = k.created_at and d.id = k.id where ");
        push_visible(&mut query, "d", visibility);
        let rows: Vec<DeploymentRow> = self.all("deployments_by_keys", query.build_query_as()).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row.into()))).collect())
    }
}

/// References as texts for a statement.
pub(super) fn texts(refs: &[EntityRef]) -> Vec<String> {
    refs.iter().map(|entity_ref| entity_ref.as_str().to_owned()).collect()
}

pub(super) fn push_parents(query: &mut QueryBuilder<Postgres>, parents: &[EntityRef]) {
    query.push(" from unnest(").push_bind(texts(parents)).push("::text[]) as p(ref)");
}

fn push_bounds(query: &mut QueryBuilder<Postgres>, page: &PageArgs) -> Result<(), SourceError> {
    for (cursor, compares) in [(&page.after, "<"), (&page.before, ">")] {
        let Some(cursor) = cursor else { continue };
        let [key] = Cursor::decode::<1>(cursor, ORDER)?;
        let key: Uuid = key.parse().map_err(|_| schema::CursorError)?;
        let moment = created_at(key).ok_or(schema::CursorError)?;
        // The first condition alone leaves whole months out.
        query.push(format_args!(" and d.created_at {compares}= ")).push_bind(moment);
        query.push(format_args!(" and (d.created_at, d.id) {compares} (")).push_bind(moment);
        query.push(", ").push_bind(key).push(")");
    }
    Ok(())
}

fn direction(page: &PageArgs) -> &'static str {
    if page.from_end { "asc" } else { "desc" }
}

fn push_order(query: &mut QueryBuilder<Postgres>, page: &PageArgs) {
    let direction = direction(page);
    // In the text: a plan for any limit would not use the order of an index.
    query.push(format_args!(" order by d.created_at {direction}, d.id {direction} limit {}", page.limit + 1));
}

fn paged(rows: Vec<DeploymentRow>, page: &PageArgs) -> Page<Arc<DeploymentRecord>> {
    let cursor = |row: &DeploymentRow| Cursor::new(ORDER, [row.id.to_string()]).encode();
    Page::of_rows(rows, page, true, cursor).map(|row| Arc::new(row.into()))
}
