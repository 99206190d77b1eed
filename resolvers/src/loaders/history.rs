//! Changes of entities.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::{EntityRevisionRecord, Page, PageArgs};
use sources::SourceError;
use uuid::Uuid;

use super::{Outcome, Reader, grouped};

/// A page of the changes of an entity that the caller was shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RevisionPageKey {
    /// Which page.
    pub page: PageArgs,
    /// Whose.
    pub entity: Uuid,
}

/// How many changes an entity has that the caller was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RevisionCountKey(pub Uuid);

impl Loader<RevisionPageKey> for Reader {
    type Value = Outcome<Arc<Page<EntityRevisionRecord>>>;
    type Error = SourceError;

    async fn load(&self, keys: &[RevisionPageKey]) -> Result<HashMap<RevisionPageKey, Self::Value>, SourceError> {
        let mut outcomes = HashMap::new();
        for (page, entities) in grouped(keys, |key| (&key.page, key.entity)) {
            let mut found = self.sources.database().revisions_pages(&self.visibility, page, &entities).await;
            for entity in entities {
                let outcome = match &mut found {
                    Ok(pages) => Ok(Arc::new(pages.remove(&entity).unwrap_or_default())),
                    Err(error) => Err(error.clone()),
                };
                outcomes.insert(RevisionPageKey { page: page.clone(), entity }, outcome);
            }
        }
        Ok(outcomes)
    }
}

impl Loader<RevisionCountKey> for Reader {
    type Value = i64;
    type Error = SourceError;

    async fn load(&self, keys: &[RevisionCountKey]) -> Result<HashMap<RevisionCountKey, i64>, SourceError> {
        let entities: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = self.sources.database().revisions_counts(&self.visibility, &entities).await?;
        Ok(keys.iter().map(|key| (*key, found.get(&key.0).copied().unwrap_or(0))).collect())
    }
}
