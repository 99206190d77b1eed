//! Facets: how often each value occurs among the entities of a list. Counted over the side table, never over entity bodies.

use std::sync::Arc;

use schema::{EntityFacet, FacetCountRecord, Visibility};
use sqlx::{FromRow, QueryBuilder};

use super::{Database, EntityQuery};
use crate::SourceError;

/// Most values that are told of one facet.
pub(super) const FACET_VALUES_MAX: i64 = 100;

/// A counted value.
#[derive(FromRow)]
pub(super) struct FacetRow {
    facet: String,
    value: String,
    count: i64,
}

impl FacetRow {
    /// The record; none for a facet that is not offered.
    pub(super) fn record(self) -> Option<FacetCountRecord> {
        let facet = EntityFacet::ALL.into_iter().find(|facet| facet.as_str() == self.facet)?;
        Some(FacetCountRecord { facet, value: self.value, count: self.count })
    }
}

/// Names of facets as they are stored, each once.
pub(super) fn facet_names(by: &[EntityFacet]) -> Vec<&'static str> {
    EntityFacet::ALL.into_iter().filter(|facet| by.contains(facet)).map(EntityFacet::as_str).collect()
}

/// Puts counts in the order in which the facets were asked for; within one, the most frequent value stays first.
pub(super) fn in_order(mut counts: Vec<FacetCountRecord>, by: &[EntityFacet]) -> Vec<FacetCountRecord> {
    counts.sort_by_key(|count| by.iter().position(|facet| *facet == count.facet));
    counts
}

impl Database {
    /// How often each value of these facets occurs among the entities that match, most frequent first; one statement, also for
    /// everybody who sees the same and asks meanwhile.
    pub async fn entity_facets(
        &self,
        visibility: &Arc<Visibility>,
        list: &Arc<EntityQuery>,
        by: &[EntityFacet],
    ) -> Result<Arc<Vec<FacetCountRecord>>, SourceError> {
        let (database, key) = (self.clone(), (self.list_key(visibility, list), by.to_vec()));
        let (visibility, list, by) = (Arc::clone(visibility), Arc::clone(list), by.to_vec());
        let read = async move { database.entity_facets_alone(&visibility, &list, &by).await.map(Arc::new) };
        self.facets().join(key, read).await
    }

    async fn entity_facets_alone(
        &self,
        visibility: &Visibility,
        list: &EntityQuery,
        by: &[EntityFacet],
    ) -> Result<Vec<FacetCountRecord>, SourceError> {
        let mut query = QueryBuilder::new(
            "-- entity_facets\nselect facet, value, count from (select f.facet, f.value, count(*) as count, \
             row_number() over (partition by f.facet order by count(*) desc, f.value) as place \
             from entity e join entity_facet f on f.entity_id = e.id and f.tenant = e.tenant and f.facet = any(",
        );
        query.push_bind(facet_names(by)).push(") where ");
        list.push_where(&mut query, visibility)?;
        query.push(" group by f.facet, f.value) counted where place <= ").push_bind(FACET_VALUES_MAX);
        query.push(" order by facet, place");
        let rows: Vec<FacetRow> = self.all("entity_facets", query.build_query_as()).await?;
        Ok(in_order(rows.into_iter().filter_map(FacetRow::record).collect(), by))
    }
}
