//! GitLab projects.

use schema::{RepositoryRecord, SourceKind};
use sources::{Sources, cache::Access, gitlab::RepositoryKey};

use super::{LiveKey, LiveOutcomes};

impl LiveKey for RepositoryKey {
    type Record = RepositoryRecord;
    const SOURCE: SourceKind = SourceKind::Gitlab;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.gitlab() {
            Some(gitlab) => gitlab.repositories_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}
