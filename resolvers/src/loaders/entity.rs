//! Entities by key.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use schema::EntityRecord;
use sources::{SourceError, postgres::Columns};
use uuid::Uuid;

use super::Reader;

/// An entity by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdKey(pub Uuid);

impl Loader<IdKey> for Reader {
    type Value = Arc<EntityRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[IdKey]) -> Result<HashMap<IdKey, Self::Value>, SourceError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = self.sources.database().entities_by_ids(&self.visibility, &ids, Columns::ALL).await?;
        Ok(found.into_iter().map(|(id, entity)| (IdKey(id), entity)).collect())
    }
}
