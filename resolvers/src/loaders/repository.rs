//! GitLab projects. Each key has an outcome of its own: one bad project does not fail the other ninety-nine.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use schema::{RepositoryRecord, SourceKind};
use sources::{SourceError, cache::Served, gitlab::RepositoryKey};

use super::{Outcome, Reader};

impl Loader<RepositoryKey> for Reader {
    type Value = Outcome<Served<RepositoryRecord>>;
    type Error = SourceError;

    async fn load(&self, keys: &[RepositoryKey]) -> Result<HashMap<RepositoryKey, Self::Value>, SourceError> {
        let gitlab = self
            .sources
            .gitlab()
            .ok_or_else(|| SourceError::unavailable(SourceKind::Gitlab, "it is switched off or not configured"))?;
        Ok(gitlab.repositories_by_keys(keys, &self.access).await)
    }
}
