//! GitLab projects, and what they have.

use schema::{CodeOwnersRecord, CommitRecord, PipelineJobSummary, RepositoryRecord, SourceKind};
use sources::{
    Sources,
    cache::Access,
    gitlab::{BroughtKey, BroughtRecord, CodeOwnersKey, CommitKey, JobsKey, ListKey, ListRecord, RepositoryKey},
};

use super::{LiveKey, LiveOutcomes};

/// Reads keys of one type from GitLab, where it is configured.
macro_rules! of_gitlab {
    ($key:ty, $record:ty, $read:ident) => {
        impl LiveKey for $key {
            type Record = $record;
            const SOURCE: SourceKind = SourceKind::Gitlab;

            async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
                match sources.gitlab() {
                    Some(gitlab) => gitlab.$read(keys, access).await,
                    None => LiveOutcomes::<Self>::new(),
                }
            }
        }
    };
}

of_gitlab!(RepositoryKey, RepositoryRecord, repositories_by_keys);
of_gitlab!(ListKey, ListRecord, lists_by_keys);
of_gitlab!(CodeOwnersKey, CodeOwnersRecord, code_owners_by_keys);
of_gitlab!(JobsKey, PipelineJobSummary, jobs_by_keys);
of_gitlab!(CommitKey, CommitRecord, commits_by_keys);
of_gitlab!(BroughtKey, BroughtRecord, brought_by_keys);
