//! What reconciliation found.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use sources::SourceError;

use super::Reader;

/// Changes of the source with this name that nothing had announced.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HealedKey(pub String);

impl Loader<HealedKey> for Reader {
    type Value = i64;
    type Error = SourceError;

    async fn load(&self, keys: &[HealedKey]) -> Result<HashMap<HealedKey, i64>, SourceError> {
        let counts = self.sources.database().healed_counts(&self.visibility).await?;
        Ok(keys.iter().map(|key| (key.clone(), counts.get(&key.0).copied().unwrap_or(0))).collect())
    }
}
