//! Lists of entities from the roots of the graph: pages, counts, and the conditions that facets share with them.

use schema::{EntityFilter, EntityOrder, EntityRecord, Page, PageArgs, Visibility};
use sqlx::{FromRow, Postgres, QueryBuilder};

use super::{
    Database,
    columns::Projection,
    entity_row::EntityRow,
    filter::{push_filter, search_words},
    order::Order,
    visibility::push_visible,
};
use crate::SourceError;

/// Which entities, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct EntityQuery {
    /// Only of this kind, in lower case.
    pub kind: Option<&'static str>,
    /// Only these.
    pub filter: Option<EntityFilter>,
    /// Words to find.
    pub search: Option<String>,
    /// Another order than the default.
    pub order: Option<EntityOrder>,
}

#[derive(FromRow)]
struct RankedRow {
    #[sqlx(flatten)]
    entity: EntityRow,
    rank: f32,
}

impl EntityQuery {
    /// Appends the conditions on the entity `e`, visibility first.
    pub(super) fn push_where(
        &self,
        query: &mut QueryBuilder<Postgres>,
        visibility: &Visibility,
    ) -> Result<(), SourceError> {
        push_visible(query, "e", visibility);
        if let Some(kind) = self.kind {
            // In the text, as there are few: as a parameter it would have Postgres plan each time.
            query.push(format_args!(" and e.kind_key = '{kind}'"));
        }
        if let Some(filter) = &self.filter {
            filter.validate()?;
            push_filter(query, visibility, filter, self.kind)?;
        }
        if let Some(search) = &self.search {
            query.push(" and e.search @@ to_tsquery('simple', ").push_bind(search_words(search)?).push(")");
        }
        Ok(())
    }
}

impl Database {
    /// One page of the entities that match; one statement.
    pub async fn entities_page(
        &self,
        visibility: &Visibility,
        list: &EntityQuery,
        page: &PageArgs,
        projection: Projection,
    ) -> Result<Page<EntityRecord>, SourceError> {
        let order = Order::read(list.order, list.search.is_some())?;
        let mut query = QueryBuilder::new("-- entities_page\nselect ");
        projection.columns.and(order.columns()).push(&mut query);
        query.push(", e.rank from (select e.*, ");
        match &list.search {
            Some(search) => {
                query.push("ts_rank(e.search, to_tsquery('simple', ").push_bind(search_words(search)?).push("))");
            }
            None => {
                query.push("0::float4");
            }
        }
        query.push(" as rank from entity e where ");
        list.push_where(&mut query, visibility)?;
        query.push(") e where true");
        order.push_bounds(&mut query, page)?;
        order.push_order(&mut query, page.from_end);
        // In the text: a plan for any limit would not use the order of an index, so Postgres would plan each time.
        query.push(format_args!(" limit {}", page.limit + 1));
        let rows: Vec<RankedRow> = self.all("entities_page", query.build_query_as()).await?;
        let page = Page::of_rows(rows, page, projection.cursors, |row| order.cursor(&row.entity, row.rank));
        Ok(page.map(|row| row.entity.into()))
    }

    /// How many entities match; one statement.
    pub async fn entities_count(&self, visibility: &Visibility, list: &EntityQuery) -> Result<i64, SourceError> {
        let mut query = QueryBuilder::new("-- entities_count\nselect count(*) from entity e where ");
        list.push_where(&mut query, visibility)?;
        Ok(self.one::<(i64,)>("entities_count", query.build_query_as()).await?.0)
    }
}
