//! Entities that hang on other entities: pages, counts and facets for many parents in one statement each.

use std::{collections::HashMap, sync::Arc};

use schema::{EntityFacet, EntityFilter, EntityRecord, EntityRef, FacetCountRecord, Page, PageArgs, Visibility};
use sqlx::{FromRow, Postgres, QueryBuilder};

use super::{
    Database,
    cells::Cells,
    columns::Projection,
    entity_row::EntityRow,
    facet::{FACET_VALUES_MAX, FacetRow, facet_names, in_order},
    filter::push_filter,
    order::Order,
    visibility::{push_guardians, push_visible},
};
use crate::SourceError;

/// How the entities of a nested list hang on their parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// The parent has a relation of this type to them.
    Relation(&'static str),
    /// The parent, or a team below it, has a relation of this type to them.
    RelationOfTeamsBelow(&'static str),
    /// The parent is a member of these teams, or of a team below them.
    TeamsAbove,
    /// The parent is the location that declares them.
    DeclaredBy,
}

/// Which entities hang on each parent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelatedQuery {
    /// How they hang on it.
    pub edge: Edge,
    /// Only of this kind, in lower case.
    pub kind: Option<&'static str>,
    /// Only these.
    pub filter: Option<EntityFilter>,
}

impl RelatedQuery {
    /// Appends the conditions on `e`, given the parent `p`.
    fn push_where(&self, query: &mut QueryBuilder<Postgres>, visibility: &Visibility) -> Result<(), SourceError> {
        push_visible(query, "e", visibility);
        if let Some(kind) = self.kind {
            query.push(" and e.kind_key = ").push_bind(kind);
        }
        self.push_edge(query, visibility);
        if let Some(filter) = &self.filter {
            filter.validate()?;
            push_filter(query, visibility, filter, self.kind)?;
        }
        Ok(())
    }

    fn push_edge(&self, query: &mut QueryBuilder<Postgres>, visibility: &Visibility) {
        let (relation, teams) = match self.edge {
            Edge::DeclaredBy => {
                query.push(" and e.location_id in (select l.id from location l where l.ref = p.ref and l.tenant = ");
                query.push_bind(visibility.tenant.clone()).push(")");
                return;
            }
            Edge::TeamsAbove => {
                query.push(" and e.ref in (select teams_above(").push_bind(visibility.tenant.clone());
                query.push(", p.ref, ");
                push_guardians(query, visibility);
                query.push("))");
                return;
            }
            Edge::Relation(relation) => (relation, false),
            Edge::RelationOfTeamsBelow(relation) => (relation, true),
        };
        query.push(
            " and e.ref in (select r.target_ref from relation r join entity o on o.id = r.origin_id where r.tenant = ",
        );
        query.push_bind(visibility.tenant.clone());
        if teams {
            query.push(" and r.source_ref in (select teams_below(").push_bind(visibility.tenant.clone());
            query.push(", p.ref, ");
            push_guardians(query, visibility);
            query.push("))");
        } else {
            query.push(" and r.source_ref = p.ref");
        }
        query.push(" and r.type = ").push_bind(relation).push(" and ");
        push_visible(query, "o", visibility);
        query.push(")");
    }
}

fn push_parents(query: &mut QueryBuilder<Postgres>, parents: &[EntityRef]) {
    let refs: Vec<String> = parents.iter().map(|parent| parent.as_str().to_owned()).collect();
    query.push(" from unnest(").push_bind(refs).push("::text[]) as p(ref)");
}

impl Database {
    /// The same page of each parent's entities, by reference; one statement whatever the number of parents.
    pub async fn related_pages(
        &self,
        visibility: &Visibility,
        list: &RelatedQuery,
        page: &PageArgs,
        parents: &[EntityRef],
        projection: Projection,
    ) -> Result<HashMap<EntityRef, Page<Arc<EntityRecord>>>, SourceError> {
        let mut query = QueryBuilder::new("-- related_pages\nselect e.*, p.ref as parent_ref");
        push_parents(&mut query, parents);
        query.push(" cross join lateral (select ");
        projection.columns.push(&mut query);
        query.push(" from entity e where ");
        list.push_where(&mut query, visibility)?;
        Order::REF.push_bounds(&mut query, page)?;
        Order::REF.push_order(&mut query, page.from_end);
        // In the text: a plan for any limit would not use the order of an index, so Postgres would plan each time.
        query.push(format_args!(" limit {}) e", page.limit + 1));
        Order::REF.push_order(&mut query, page.from_end);
        let read = |mut cells: Cells<'_>| {
            let row = EntityRow::read(&mut cells, projection.columns)?;
            Ok((EntityRef::stored(cells.next()?), row))
        };
        let mut by_parent: HashMap<EntityRef, Vec<EntityRow>> = HashMap::new();
        for (parent, row) in self.rows("related_pages", query, read).await? {
            by_parent.entry(parent).or_default().push(row);
        }
        let to_page = |rows| {
            Page::of_rows(rows, page, projection.cursors, |row| Order::REF.cursor(row, 0.0)).map(|row| row.record)
        };
        Ok(by_parent.into_iter().map(|(parent, rows)| (parent, to_page(rows))).collect())
    }

    /// How many entities hang on each parent; one statement. A parent with none is absent.
    pub async fn related_counts(
        &self,
        visibility: &Visibility,
        list: &RelatedQuery,
        parents: &[EntityRef],
    ) -> Result<HashMap<EntityRef, i64>, SourceError> {
        let mut query = QueryBuilder::new("-- related_counts\nselect p.ref, e.count");
        push_parents(&mut query, parents);
        query.push(" cross join lateral (select count(*) as count from entity e where ");
        list.push_where(&mut query, visibility)?;
        query.push(") e");
        let rows: Vec<(String, i64)> = self.all("related_counts", query.build_query_as()).await?;
        Ok(rows.into_iter().map(|(parent, count)| (EntityRef::stored(parent), count)).collect())
    }

    /// How often each value of these facets occurs among each parent's entities; one statement.
    pub async fn related_facets(
        &self,
        visibility: &Visibility,
        list: &RelatedQuery,
        by: &[EntityFacet],
        parents: &[EntityRef],
    ) -> Result<HashMap<EntityRef, Vec<FacetCountRecord>>, SourceError> {
        #[derive(FromRow)]
        struct Row {
            parent_ref: String,
            #[sqlx(flatten)]
            facet: FacetRow,
        }
        let mut query = QueryBuilder::new(
            "-- related_facets\nselect parent_ref, facet, value, count from (select p.ref as parent_ref, f.facet, f.value, \
             count(*) as count, row_number() over (partition by p.ref, f.facet order by count(*) desc, f.value) as place",
        );
        push_parents(&mut query, parents);
        query.push(" cross join lateral (select e.id, e.tenant from entity e where ");
        list.push_where(&mut query, visibility)?;
        query.push(") e join entity_facet f on f.entity_id = e.id and f.tenant = e.tenant and f.facet = any(");
        query.push_bind(facet_names(by)).push(") group by p.ref, f.facet, f.value) counted where place <= ");
        query.push_bind(FACET_VALUES_MAX).push(" order by parent_ref, facet, place");
        let rows: Vec<Row> = self.all("related_facets", query.build_query_as()).await?;
        let mut by_parent: HashMap<EntityRef, Vec<FacetCountRecord>> = HashMap::new();
        for row in rows {
            if let Some(record) = row.facet.record() {
                by_parent.entry(EntityRef::stored(row.parent_ref)).or_default().push(record);
            }
        }
        Ok(by_parent.into_iter().map(|(parent, counts)| (parent, in_order(counts, by))).collect())
    }
}
