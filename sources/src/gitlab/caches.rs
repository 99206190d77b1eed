//! The caches in front of GitLab, one for each kind of question, and how each asks. Keys begin with tenant and path, a line each:
//! the token is Weft's own, and who may see what was decided before.

use std::collections::HashMap;

use schema::{CodeOwnersRecord, CommitRecord, PipelineJobSummary, RepositoryRecord};

use super::{
    Config,
    brought::{Brought, BroughtRecord},
    calls::PIPELINES_MAX,
    client::{Client, PATHS_MAX},
    commit::COMMITS_MAX,
    list::{ListPage, ListRecord},
    partial::ByPath,
};
use crate::{
    SourceError,
    cache::{Batch, SourceCache},
    caching::{CacheKind, CacheMaker, Found, Partly},
    connector::Surroundings,
};

/// Raised whenever a record changes, so that no replica reads what another release kept in Redis.
const RECORD_VERSION: u32 = 2;

/// Every cache. Clones share everything.
#[derive(Clone)]
pub(super) struct Caches {
    pub(super) repositories: SourceCache<RepositoryRecord>,
    pub(super) lists: SourceCache<ListRecord>,
    pub(super) code_owners: SourceCache<CodeOwnersRecord>,
    pub(super) jobs: SourceCache<PipelineJobSummary>,
    pub(super) commits: SourceCache<CommitRecord>,
    /// Commits between two hashes, which never change.
    pub(super) changes: SourceCache<BroughtRecord>,
    pub(super) brought: SourceCache<BroughtRecord>,
}

impl Caches {
    pub(super) fn new(config: &Config, client: &Client, around: Surroundings<'_>) -> Self {
        let namespace = |call: &str| client.namespace(call, RECORD_VERSION);
        let (upstream, entries_max) = (client.upstream(), config.cache_entries_max);
        let maker = CacheMaker { client, upstream, entries_max, namespace: &namespace, around };
        let (wait_max, lives) = (config.timeout, config.cache);
        let kind = |call, batch_max| CacheKind { call, batch_max, wait_max, lives, tags_of };
        Self {
            repositories: maker.cache(kind("repository", PATHS_MAX), repositories),
            lists: maker.cache(kind("list", PATHS_MAX), lists),
            code_owners: maker.cache(kind("code_owners", PATHS_MAX), code_owners),
            jobs: maker.cache(kind("jobs", PIPELINES_MAX), jobs),
            commits: maker.cache(CacheKind { lives: config.settled_cache, ..kind("commits", COMMITS_MAX) }, commits),
            changes: maker.cache(CacheKind { lives: config.settled_cache, ..kind("changes", 1) }, brought),
            brought: maker.cache(kind("deployment_merge_requests", 1), brought),
        }
    }

    /// Forgets what is known of the projects with these tags, on every replica.
    pub(super) async fn evict(&self, tags: &[String]) {
        // Each evicts for all caches of the process; the shared level hears of each tag once.
        self.repositories.evict_tags(tags).await;
    }
}

/// The parts of a key: tenant, path, and what else there is.
fn path_of(key: &str) -> Option<&str> {
    key.split('\n').nth(1)
}

fn rest_of(key: &str) -> Option<&str> {
    key.splitn(3, '\n').nth(2)
}

/// Project and name of what these keys name within projects.
fn named(keys: &[String]) -> Vec<(String, String)> {
    let named =
        |key: &String| (path_of(key).unwrap_or_default().to_owned(), rest_of(key).unwrap_or_default().to_owned());
    keys.iter().map(named).collect()
}

/// The projects of these keys, each once: several tenants may ask for the same.
fn paths_of<'a>(keys: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut paths: Vec<String> = keys.into_iter().filter_map(|key| path_of(key)).map(str::to_owned).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// What each key is about, by the path in it.
fn by_key<V: Clone>(keys: Vec<String>, by_path: &ByPath<V>) -> impl Iterator<Item = (String, Result<V, SourceError>)> {
    keys.into_iter().filter_map(|key| {
        let outcome = by_path.get(path_of(&key)?)?.clone();
        Some((key, outcome))
    })
}

/// What each key is about, in the order of the keys.
fn in_order<V>(keys: Vec<String>, outcomes: Vec<Result<Option<V>, SourceError>>) -> Batch<V> {
    keys.into_iter().zip(outcomes).filter_map(|(key, outcome)| Some((key, outcome.transpose()?))).collect()
}

async fn repositories(client: Client, keys: Vec<String>) -> Partly<RepositoryRecord> {
    let found = client.repositories(&paths_of(&keys)).await?;
    Ok(by_key(keys, &found).collect())
}

async fn code_owners(client: Client, keys: Vec<String>) -> Partly<CodeOwnersRecord> {
    let found = client.code_owners(&paths_of(&keys)).await?;
    Ok(by_key(keys, &found).collect())
}

/// Projects of which the same page is wanted are one call; one that fails is only theirs.
async fn lists(client: Client, keys: Vec<String>) -> Partly<ListRecord> {
    let mut by_page: HashMap<String, Vec<String>> = HashMap::new();
    for key in keys {
        by_page.entry(rest_of(&key).unwrap_or_default().to_owned()).or_default().push(key);
    }
    let calls = by_page.into_iter().map(|(page, keys)| {
        let client = client.clone();
        async move {
            let Ok(page) = serde_json::from_str::<ListPage>(&page) else { return Vec::new() };
            match client.lists(&paths_of(&keys), &page).await {
                Ok(found) => by_key(keys, &found).collect(),
                Err(error) => keys.into_iter().map(|key| (key, Err(error.clone()))).collect(),
            }
        }
    });
    Ok(futures::future::join_all(calls).await.into_iter().flatten().collect())
}

async fn jobs(client: Client, keys: Vec<String>) -> Partly<PipelineJobSummary> {
    let summaries = client.jobs(&named(&keys)).await?;
    Ok(in_order(keys, summaries))
}

async fn commits(client: Client, keys: Vec<String>) -> Partly<CommitRecord> {
    let records = client.commits(&named(&keys)).await?;
    Ok(in_order(keys, records))
}

/// One call for each key: a page of what a deployment brought.
async fn brought(client: Client, keys: Vec<String>) -> Found<BroughtRecord> {
    let mut found = HashMap::new();
    for key in keys {
        let page = rest_of(&key).and_then(|rest| serde_json::from_str::<(Brought, u32)>(rest).ok());
        let (Some(path), Some((list, page))) = (path_of(&key), page) else { continue };
        if let Some(record) = client.brought(path, &list, page).await? {
            found.insert(key, record);
        }
    }
    Ok(found)
}

/// The tags of a cache key: its project, whoever's tenant asks.
fn tags_of(key: &str) -> Vec<String> {
    path_of(key).map(project_tag).into_iter().collect()
}

/// The tag of a project.
pub(super) fn project_tag(path: &str) -> String {
    format!("gitlab:project:{path}")
}
