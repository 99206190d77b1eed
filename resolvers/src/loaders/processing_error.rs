//! What is wrong with the newest versions of entities.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use schema::{EntityRef, ProcessingErrorRecord};
use sources::SourceError;

use super::Reader;

/// The errors of one entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProcessingErrorKey(pub EntityRef);

impl Loader<ProcessingErrorKey> for Reader {
    type Value = Vec<ProcessingErrorRecord>;
    type Error = SourceError;

    async fn load(&self, keys: &[ProcessingErrorKey]) -> Result<HashMap<ProcessingErrorKey, Self::Value>, SourceError> {
        let refs: Vec<EntityRef> = keys.iter().map(|key| key.0.clone()).collect();
        let found = self.sources.database().processing_errors_by_refs(&self.visibility, &refs).await?;
        Ok(found.into_iter().map(|(entity_ref, errors)| (ProcessingErrorKey(entity_ref), errors)).collect())
    }
}
