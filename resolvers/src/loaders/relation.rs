//! Relations of entities.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::{EntityRef, Page, PageArgs, RelationRecord};
use sources::{SourceError, postgres::RelationQuery};

use super::{Outcome, Reader, grouped};

/// A page of the relations of `parent`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelationPageKey {
    /// Which relations.
    pub list: Arc<RelationQuery>,
    /// Which page.
    pub page: PageArgs,
    /// Whose.
    pub parent: EntityRef,
}

/// How many relations `parent` has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelationCountKey {
    /// Which relations.
    pub list: Arc<RelationQuery>,
    /// Whose.
    pub parent: EntityRef,
}

impl Loader<RelationPageKey> for Reader {
    type Value = Outcome<Arc<Page<RelationRecord>>>;
    type Error = SourceError;

    async fn load(&self, keys: &[RelationPageKey]) -> Result<HashMap<RelationPageKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for ((list, page), parents) in grouped(keys, |key| ((&key.list, &key.page), key.parent.clone())) {
            let mut found = self.sources.database().relations_pages(&self.visibility, list, page, &parents).await;
            for parent in parents {
                let outcome = match &mut found {
                    Ok(pages) => Ok(Arc::new(pages.remove(&parent).unwrap_or_default())),
                    Err(error) => Err(error.clone()),
                };
                outcomes.insert(RelationPageKey { list: list.clone(), page: page.clone(), parent }, outcome);
            }
        }
        Ok(outcomes)
    }
}

impl Loader<RelationCountKey> for Reader {
    type Value = Outcome<i64>;
    type Error = SourceError;

    async fn load(&self, keys: &[RelationCountKey]) -> Result<HashMap<RelationCountKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for (list, parents) in grouped(keys, |key| (&key.list, key.parent.clone())) {
            let found = self.sources.database().relations_counts(&self.visibility, list, &parents).await;
            for parent in parents {
                let outcome = match &found {
                    Ok(counts) => Ok(counts.get(&parent).copied().unwrap_or(0)),
                    Err(error) => Err(error.clone()),
                };
                outcomes.insert(RelationCountKey { list: list.clone(), parent }, outcome);
            }
        }
        Ok(outcomes)
    }
}
