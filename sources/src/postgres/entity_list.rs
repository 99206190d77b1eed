//! Lists of entities from the roots of the graph: pages, counts, and the conditions that facets share with them.

use std::sync::Arc;

use schema::{EntityFilter, EntityOrder, EntityRecord, Page, PageArgs, Visibility};
use sqlx::{Postgres, QueryBuilder};

use super::{
    Database,
    cells::Cells,
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

/// A list as a caller sees it, after so many changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ListKey {
    visibility: Arc<Visibility>,
    list: Arc<EntityQuery>,
    changes: u64,
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
    ) -> Result<Page<Arc<EntityRecord>>, SourceError> {
        let order = Order::read(list.order, list.search.is_some())?;
        let columns = projection.columns.and(order.columns());
        let mut query = QueryBuilder::new("-- entities_page\nselect ");
        columns.push(&mut query);
        match &list.search {
            Some(search) => {
                query.push(", e.rank from (select e.*, ts_rank(e.search, to_tsquery('simple', ");
                query.push_bind(search_words(search)?).push(")) as rank from entity e where ");
                list.push_where(&mut query, visibility)?;
                query.push(") e where true");
            }
            None => {
                query.push(" from entity e where ");
                list.push_where(&mut query, visibility)?;
            }
        }
        order.push_bounds(&mut query, page)?;
        order.push_order(&mut query, page.from_end);
        // In the text: a plan for any limit would not use the order of an index, so Postgres would plan each time.
        query.push(format_args!(" limit {}", page.limit + 1));
        let read = |mut cells: Cells<'_>| {
            let row = EntityRow::read(&mut cells, columns)?;
            Ok((row, cells.next_if::<f32>(list.search.is_some())?))
        };
        let rows = self.rows("entities_page", query, read).await?;
        let page = Page::of_rows(rows, page, projection.cursors, |(row, rank)| order.cursor(row, *rank));
        Ok(page.map(|(row, _)| row.record))
    }

    /// How many entities match; one statement, also for everybody who sees the same and asks meanwhile.
    pub async fn entities_count(
        &self,
        visibility: &Arc<Visibility>,
        list: &Arc<EntityQuery>,
    ) -> Result<i64, SourceError> {
        let (database, key) = (self.clone(), self.list_key(visibility, list));
        let (visibility, list) = (Arc::clone(visibility), Arc::clone(list));
        self.counts().join(key, async move { database.entities_count_alone(&visibility, &list).await }).await
    }

    /// What tells reads of lists apart.
    pub(super) fn list_key(&self, visibility: &Arc<Visibility>, list: &Arc<EntityQuery>) -> ListKey {
        ListKey { visibility: Arc::clone(visibility), list: Arc::clone(list), changes: self.changes() }
    }

    async fn entities_count_alone(&self, visibility: &Visibility, list: &EntityQuery) -> Result<i64, SourceError> {
        let mut query = QueryBuilder::new("-- entities_count\nselect count(*) from entity e where ");
        list.push_where(&mut query, visibility)?;
        Ok(self.one::<(i64,)>("entities_count", query.build_query_as()).await?.0)
    }
}
