//! Entities by reference and by key.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::{EntityRecord, EntityRef};
use sources::SourceError;
use uuid::Uuid;

use super::Reader;

/// An entity by its reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RefKey(pub EntityRef);

/// An entity by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdKey(pub Uuid);

impl Loader<RefKey> for Reader {
    type Value = Arc<EntityRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[RefKey]) -> Result<HashMap<RefKey, Self::Value>, SourceError> {
        let refs: Vec<EntityRef> = keys.iter().map(|key| key.0.clone()).collect();
        let found = self.sources.database().entities_by_refs(&self.visibility, &refs).await?;
        Ok(found.into_iter().map(|(entity_ref, entity)| (RefKey(entity_ref), Arc::new(entity))).collect())
    }
}

impl Loader<IdKey> for Reader {
    type Value = Arc<EntityRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[IdKey]) -> Result<HashMap<IdKey, Self::Value>, SourceError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = self.sources.database().entities_by_ids(&self.visibility, &ids).await?;
        Ok(found.into_iter().map(|(id, entity)| (IdKey(id), Arc::new(entity))).collect())
    }
}
