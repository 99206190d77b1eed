//! Entities by reference and by key.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::{EntityRecord, EntityRef};
use sources::{SourceError, postgres::Projection};
use uuid::Uuid;

use super::Reader;

/// An entity by its reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RefKey {
    /// The reference.
    pub entity_ref: EntityRef,
    /// Whether its body is needed.
    pub body: bool,
}

/// An entity by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdKey(pub Uuid);

impl RefKey {
    /// A whole entity.
    pub fn whole(entity_ref: EntityRef) -> Self {
        Self { entity_ref, body: true }
    }
}

impl Loader<RefKey> for Reader {
    type Value = Arc<EntityRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[RefKey]) -> Result<HashMap<RefKey, Self::Value>, SourceError> {
        let refs: Vec<EntityRef> = keys.iter().map(|key| key.entity_ref.clone()).collect();
        // One statement for all: who needs no body gets it too when somebody does.
        let projection = Projection { body: keys.iter().any(|key| key.body), cursors: false };
        let found = self.sources.database().entities_by_refs(&self.visibility, &refs, projection).await?;
        let found: HashMap<EntityRef, Arc<EntityRecord>> =
            found.into_iter().map(|(entity_ref, entity)| (entity_ref, Arc::new(entity))).collect();
        Ok(keys.iter().filter_map(|key| Some((key.clone(), Arc::clone(found.get(&key.entity_ref)?)))).collect())
    }
}

impl Loader<IdKey> for Reader {
    type Value = Arc<EntityRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[IdKey]) -> Result<HashMap<IdKey, Self::Value>, SourceError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = self.sources.database().entities_by_ids(&self.visibility, &ids, Projection::WHOLE).await?;
        Ok(found.into_iter().map(|(id, entity)| (IdKey(id), Arc::new(entity))).collect())
    }
}
