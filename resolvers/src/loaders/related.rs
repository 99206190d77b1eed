//! Entities that hang on other entities: pages, counts and facets.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::{EntityFacet, EntityRecord, EntityRef, FacetCountRecord, Page, PageArgs};
use sources::{
    SourceError,
    postgres::{Projection, RelatedQuery},
};

use super::{Outcome, Reader, grouped};

/// A page of what hangs on `parent`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelatedPageKey {
    /// What hangs, and how.
    pub list: Arc<RelatedQuery>,
    /// Which page.
    pub page: PageArgs,
    /// On what.
    pub parent: EntityRef,
    /// What of them is read.
    pub projection: Projection,
}

/// How much hangs on `parent`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelatedCountKey {
    /// What hangs, and how.
    pub list: Arc<RelatedQuery>,
    /// On what.
    pub parent: EntityRef,
}

/// What hangs on `parent`, counted by value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelatedFacetKey {
    /// What hangs, and how.
    pub list: Arc<RelatedQuery>,
    /// What to count.
    pub by: Vec<EntityFacet>,
    /// On what.
    pub parent: EntityRef,
}

impl Loader<RelatedPageKey> for Reader {
    type Value = Outcome<Arc<Page<Arc<EntityRecord>>>>;
    type Error = SourceError;

    async fn load(&self, keys: &[RelatedPageKey]) -> Result<HashMap<RelatedPageKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for ((list, page, projection), parents) in
            grouped(keys, |key| ((&key.list, &key.page, key.projection), key.parent.clone()))
        {
            let mut found =
                self.sources.database().related_pages(&self.visibility, list, page, &parents, projection).await;
            for parent in parents {
                let outcome = match &mut found {
                    Ok(pages) => Ok(Arc::new(pages.remove(&parent).unwrap_or_default())),
                    Err(error) => Err(error.clone()),
                };
                outcomes.insert(RelatedPageKey { list: list.clone(), page: page.clone(), parent, projection }, outcome);
            }
        }
        Ok(outcomes)
    }
}

impl Loader<RelatedCountKey> for Reader {
    type Value = Outcome<i64>;
    type Error = SourceError;

    async fn load(&self, keys: &[RelatedCountKey]) -> Result<HashMap<RelatedCountKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for (list, parents) in grouped(keys, |key| (&key.list, key.parent.clone())) {
            let found = self.sources.database().related_counts(&self.visibility, list, &parents).await;
            for parent in parents {
                let outcome = match &found {
                    Ok(counts) => Ok(counts.get(&parent).copied().unwrap_or(0)),
                    Err(error) => Err(error.clone()),
                };
                outcomes.insert(RelatedCountKey { list: list.clone(), parent }, outcome);
            }
        }
        Ok(outcomes)
    }
}

impl Loader<RelatedFacetKey> for Reader {
    type Value = Outcome<Vec<FacetCountRecord>>;
    type Error = SourceError;

    async fn load(&self, keys: &[RelatedFacetKey]) -> Result<HashMap<RelatedFacetKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for ((list, by), parents) in grouped(keys, |key| ((&key.list, &key.by), key.parent.clone())) {
            let mut found = self.sources.database().related_facets(&self.visibility, list, by, &parents).await;
            for parent in parents {
                let outcome = match &mut found {
                    Ok(facets) => Ok(facets.remove(&parent).unwrap_or_default()),
                    Err(error) => Err(error.clone()),
                };
                outcomes.insert(RelatedFacetKey { list: list.clone(), by: by.clone(), parent }, outcome);
            }
        }
        Ok(outcomes)
    }
}
