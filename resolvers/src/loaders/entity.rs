//! Entities by reference and by key.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::{EntityRecord, EntityRef};
use sources::{SourceError, postgres::Columns};
use uuid::Uuid;

use super::Reader;

/// An entity by its reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RefKey {
    /// The reference.
    pub entity_ref: EntityRef,
    /// What of it is needed.
    pub columns: Columns,
}

/// An entity by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdKey(pub Uuid);

impl RefKey {
    /// A whole entity.
    pub fn whole(entity_ref: EntityRef) -> Self {
        Self { entity_ref, columns: Columns::ALL }
    }
}

impl Loader<RefKey> for Reader {
    type Value = Arc<EntityRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[RefKey]) -> Result<HashMap<RefKey, Self::Value>, SourceError> {
        let refs: Vec<EntityRef> = keys.iter().map(|key| key.entity_ref.clone()).collect();
        // One statement for all: who needs little gets more when somebody does.
        let columns = keys.iter().fold(Columns::NONE, |columns, key| columns.and(key.columns));
        let found = self.sources.database().entities_by_refs(&self.visibility, refs, columns).await?;
        Ok(keys.iter().filter_map(|key| Some((key.clone(), Arc::clone(found.get(&key.entity_ref)?)))).collect())
    }
}

impl Loader<IdKey> for Reader {
    type Value = Arc<EntityRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[IdKey]) -> Result<HashMap<IdKey, Self::Value>, SourceError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = self.sources.database().entities_by_ids(&self.visibility, &ids, Columns::ALL).await?;
        Ok(found.into_iter().map(|(id, entity)| (IdKey(id), Arc::new(entity))).collect())
    }
}
