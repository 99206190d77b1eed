//! Repositories of components: from the annotation to the record, through the cache.

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use async_trait::async_trait;
use schema::{
    CodeOwnersRecord, CommitRecord, EntityRecord, MergeRequestRecord, PipelineJobSummary, PipelineRecord,
    ReleaseRecord, RepositoryRecord, SourceKind, Visibility,
};

use super::{
    ABOUT, Brought, BroughtKey, BroughtRecord, CommitKey, Config,
    caches::{Caches, project_tag},
    client::Client,
    list::{ListKey, ListPage, ListRecord},
};
use crate::{
    About, Connector, SourceError,
    cache::{Access, Served, SourceCache},
    connector::Surroundings,
    discovery::DiscoveryConfig,
    upstream::{Upstream, UpstreamConfig},
};

/// Longest project path that GitLab has.
const PATH_BYTES_MAX: usize = 255;

/// GitLab, as the graph reads it. Clones share everything.
#[derive(Clone)]
pub struct Gitlab {
    config: Arc<Config>,
    client: Client,
    caches: Caches,
}

/// A project that a tenant may read: its path in lower case, which GitLab takes to be the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryKey {
    tenant: String,
    path: String,
}

/// The CODEOWNERS file of a project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CodeOwnersKey(pub RepositoryKey);

/// The jobs of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobsKey {
    /// The project.
    pub repository: RepositoryKey,
    /// The pipeline, by GitLab's own id.
    pub pipeline: String,
}

impl RepositoryKey {
    /// The path, in lower case.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The key in the cache. Neither part can hold a line break.
    fn cache_key(&self) -> String {
        format!("{}\n{}", self.tenant, self.path)
    }
}

impl Gitlab {
    /// Prepares the source; none when it is switched off or not configured.
    pub fn new(config: Config, around: Surroundings<'_>) -> Result<Option<Self>, SourceError> {
        let token = around.credential("sources.gitlab.token");
        let (true, Some(base_url), Some(token)) = (config.enabled, config.base_url.clone(), token) else {
            return Ok(None);
        };
        let calls = UpstreamConfig::new(SourceKind::Gitlab, &base_url, config.limits());
        let upstream = Upstream::new(calls, around.shared())?;
        let client = Client::new(upstream, base_url, token)?;
        let caches = Caches::new(&config, &client, around);
        Ok(Some(Self { config: Arc::new(config), client, caches }))
    }

    /// Where catalog files are looked for.
    pub fn discovery(&self) -> &DiscoveryConfig {
        &self.config.discovery
    }

    /// The annotation that names an entity's project.
    pub fn annotation(&self) -> &str {
        &self.config.annotation
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The project that a value of the annotation names, in lower case; none when the tenant may not read there.
    pub(super) fn project_of(&self, tenant: &str, value: &str) -> Option<String> {
        let path = value.trim().trim_matches('/').to_lowercase();
        (is_project_path(&path) && self.may_read(tenant, &path)).then_some(path)
    }

    /// The project that an entity names; none without the annotation, or when the tenant may not read there.
    pub fn repository_key(&self, visibility: &Visibility, entity: &EntityRecord) -> Option<RepositoryKey> {
        self.key(visibility, entity.annotation(&self.config.annotation)?)
    }

    /// The project with this path; none when the tenant may not read there.
    pub fn key(&self, visibility: &Visibility, path: &str) -> Option<RepositoryKey> {
        let tenant = visibility.tenant.clone();
        Some(RepositoryKey { path: self.project_of(&tenant, path)?, tenant })
    }

    /// Whether a tenant may read a part of this group at least.
    pub(crate) fn may_read_within(&self, tenant: &str, group: &str) -> bool {
        let asked = format!("{}/", group.trim_matches('/').to_lowercase());
        let meets = |group: &str| {
            let group = format!("{}/", group.trim_matches('/').to_lowercase());
            group.starts_with(&asked) || asked.starts_with(&group)
        };
        let Config { groups, tenants, .. } = &*self.config;
        (groups.is_empty() || groups.iter().any(|group| meets(group))) && tenants.reach(tenant).holds(meets)
    }

    /// Whether a tenant may read the project with this path in lower case.
    pub(crate) fn may_read(&self, tenant: &str, path: &str) -> bool {
        let is_within = |group: &str| {
            let group = group.trim_matches('/').to_lowercase();
            path.strip_prefix(&group).is_some_and(|rest| rest.starts_with('/'))
        };
        let Config { groups, tenants, .. } = &*self.config;
        (groups.is_empty() || groups.iter().any(|group| is_within(group))) && tenants.reach(tenant).holds(is_within)
    }

    /// One outcome for each project: fifty projects are one call, and none is asked for twice at a time.
    pub async fn repositories_by_keys(
        &self,
        keys: &[RepositoryKey],
        access: &Access,
    ) -> HashMap<RepositoryKey, Result<Served<RepositoryRecord>, SourceError>> {
        by_keys(&self.caches.repositories, keys, access, RepositoryKey::cache_key).await
    }

    /// Forgets what is known of these projects, on every replica: they changed.
    pub async fn evict_projects(&self, paths: &[String]) {
        let tags: Vec<String> = paths.iter().map(|path| project_tag(&path.to_lowercase())).collect();
        self.caches.evict(&tags).await;
    }

    /// One outcome for each list: the same page of fifty projects is one call.
    pub async fn lists_by_keys(
        &self,
        keys: &[ListKey],
        access: &Access,
    ) -> HashMap<ListKey, Result<Served<ListRecord>, SourceError>> {
        let cache_key = |key: &ListKey| {
            let page = serde_json::to_string(&key.page).unwrap_or_default();
            format!("{}\n{page}", key.repository.cache_key())
        };
        // Each page apart, or a batch of fifty keys would be a few projects of every page.
        let mut by_page: HashMap<&ListPage, Vec<String>> = HashMap::new();
        for key in keys {
            by_page.entry(&key.page).or_default().push(cache_key(key));
        }
        let reads = by_page.into_values().map(|keys| self.caches.lists.get_many(keys, access));
        let mut outcomes: HashMap<_, _> = futures::future::join_all(reads).await.into_iter().flatten().collect();
        keys.iter().filter_map(|key| Some((key.clone(), outcomes.remove(&cache_key(key))?))).collect()
    }

    /// One outcome for each project; none where the default branch has no CODEOWNERS file. Fifty projects are one call.
    pub async fn code_owners_by_keys(
        &self,
        keys: &[CodeOwnersKey],
        access: &Access,
    ) -> HashMap<CodeOwnersKey, Result<Served<CodeOwnersRecord>, SourceError>> {
        by_keys(&self.caches.code_owners, keys, access, |key| key.0.cache_key()).await
    }

    /// One outcome for each pipeline: the jobs of fifteen are one call.
    pub async fn jobs_by_keys(
        &self,
        keys: &[JobsKey],
        access: &Access,
    ) -> HashMap<JobsKey, Result<Served<PipelineJobSummary>, SourceError>> {
        let cache_key = |key: &JobsKey| format!("{}\n{}", key.repository.cache_key(), key.pipeline);
        by_keys(&self.caches.jobs, keys, access, cache_key).await
    }

    /// One outcome for each commit: twenty are one call.
    pub async fn commits_by_keys(
        &self,
        keys: &[CommitKey],
        access: &Access,
    ) -> HashMap<CommitKey, Result<Served<CommitRecord>, SourceError>> {
        let cache_key = |key: &CommitKey| format!("{}\n{}", key.repository.cache_key(), key.sha);
        by_keys(&self.caches.commits, keys, access, cache_key).await
    }

    /// One outcome, and one call, for each page of what a deployment brought.
    pub async fn brought_by_keys(
        &self,
        keys: &[BroughtKey],
        access: &Access,
    ) -> HashMap<BroughtKey, Result<Served<BroughtRecord>, SourceError>> {
        let cache_key = |key: &BroughtKey| {
            let page = serde_json::to_string(&(&key.list, key.page)).unwrap_or_default();
            format!("{}\n{page}", key.repository.cache_key())
        };
        let (changes, others): (Vec<_>, Vec<_>) =
            keys.iter().partition(|key| matches!(key.list, Brought::Commits { .. }));
        let read = |keys: Vec<&BroughtKey>| keys.into_iter().map(cache_key).collect();
        let (mut outcomes, others) = tokio::join!(
            self.caches.changes.get_many(read(changes), access),
            self.caches.brought.get_many(read(others), access)
        );
        outcomes.extend(others);
        keys.iter().filter_map(|key| Some((key.clone(), outcomes.remove(&cache_key(key))?))).collect()
    }

    /// One merge request of a project, asked for anew each time; none when there is no such.
    pub async fn merge_request(
        &self,
        key: &RepositoryKey,
        number: u32,
    ) -> Result<Option<MergeRequestRecord>, SourceError> {
        self.client.merge_request(&key.path, number).await
    }

    /// One release of a project, asked for anew each time; none when there is no such.
    pub async fn release(&self, key: &RepositoryKey, tag: &str) -> Result<Option<ReleaseRecord>, SourceError> {
        self.client.release(&key.path, tag).await
    }

    /// One pipeline of a project, asked for anew each time; none when there is no such.
    pub async fn pipeline(&self, key: &RepositoryKey, gid: &str) -> Result<Option<PipelineRecord>, SourceError> {
        self.client.pipeline(&key.path, gid).await
    }
}

/// One outcome for each key, of those that the cache answers.
async fn by_keys<K: Clone + Eq + Hash, V: Send + Sync + 'static>(
    cache: &SourceCache<V>,
    keys: &[K],
    access: &Access,
    cache_key: impl Fn(&K) -> String,
) -> HashMap<K, Result<Served<V>, SourceError>> {
    let mut outcomes = cache.get_many(keys.iter().map(&cache_key).collect(), access).await;
    keys.iter().filter_map(|key| Some((key.clone(), outcomes.remove(&cache_key(key))?))).collect()
}

#[async_trait]
impl Connector for Gitlab {
    fn about(&self) -> About {
        ABOUT
    }

    fn upstream(&self) -> &Upstream {
        self.client.upstream()
    }

    fn probe_interval(&self) -> Duration {
        self.config.probe_interval
    }

    async fn version(&self) -> Result<Option<String>, SourceError> {
        self.client.version().await
    }

    async fn missing_rights(&self) -> Result<Vec<String>, SourceError> {
        let Some(scopes) = self.client.token_scopes().await? else { return Ok(Vec::new()) };
        if scopes.iter().any(|scope| matches!(scope.as_str(), "api" | "read_api")) {
            return Ok(Vec::new());
        }
        Ok(vec![format!("the token has the scopes `{}` and needs `read_api`", scopes.join("`, `"))])
    }
}

pub(crate) fn is_project_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && segment.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    path.len() <= PATH_BYTES_MAX && path.contains('/') && path.split('/').all(is_segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_project_paths_are_asked_for() {
        for path in ["payments/api", "a/b/c.d", "team-x/über"] {
            assert!(is_project_path(path), "{path} was refused");
        }
        for path in ["", "payments", "/", "a//b", "../x", "a/..", "a/b c", "a/b\n", "https://x/y", &"a/".repeat(200)] {
            assert!(!is_project_path(path), "{path:?} was accepted");
        }
    }
}
