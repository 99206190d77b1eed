//! When locations were last read.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use schema::{DateTime, EntityRef};
use sources::SourceError;

use super::Reader;

/// When the location of this entity was last read without an error. The caller was shown the entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LastReadKey(pub EntityRef);

impl Loader<LastReadKey> for Reader {
    type Value = DateTime;
    type Error = SourceError;

    async fn load(&self, keys: &[LastReadKey]) -> Result<HashMap<LastReadKey, DateTime>, SourceError> {
        let refs: Vec<EntityRef> = keys.iter().map(|key| key.0.clone()).collect();
        let found = self.sources.database().locations_last_read(&self.visibility, &refs).await?;
        Ok(found.into_iter().map(|(entity_ref, at)| (LastReadKey(entity_ref), at)).collect())
    }
}
