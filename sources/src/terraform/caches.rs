//! The caches in front of Terraform. What may change has short lives; what ended has long ones, in a cache of its own.

use std::collections::HashMap;

use schema::{SourceKind, TerraformAssessmentRecord, TerraformRunRecord};

use super::{Config, client::Client, key::RunPageKey, run::RunPageRecord, snapshot::Snapshot};
use crate::{
    SourceError,
    cache::{Access, Served, SourceCache, TagsOf},
    caching::{CacheKind, CacheMaker, Found},
    connector::Surroundings,
    redis::Namespace,
};

/// Raised whenever a record changes, so that no replica reads what another release kept in Redis.
const RECORD_VERSION: u32 = 1;

/// All of them. Clones share everything.
#[derive(Clone)]
pub(super) struct Caches {
    /// Workspaces, by organization.
    pub(super) organizations: SourceCache<Snapshot>,
    /// Runs by id.
    pub(super) runs: Settling<TerraformRunRecord>,
    /// Pages of runs.
    pub(super) run_pages: SourceCache<RunPageRecord>,
    /// Assessments, by workspace and moment.
    pub(super) assessments: Settling<TerraformAssessmentRecord>,
}

/// Two caches of the same things: of those that may change, and of those that cannot any more.
#[derive(Clone)]
pub(super) struct Settling<V> {
    moving: SourceCache<V>,
    settled: SourceCache<V>,
}

impl Caches {
    pub(super) fn new(
        config: &Config,
        client: &Client,
        namespace: &dyn Fn(&str) -> Namespace,
        around: Surroundings<'_>,
    ) -> Self {
        let (upstream, entries_max) = (client.upstream(), config.cache_entries_max);
        let maker = CacheMaker { client, upstream, entries_max, namespace, around };
        // Terraform answers one such question with each call; alone, a key fails alone.
        let kind =
            |call, wait_max, tags_of: TagsOf| CacheKind { call, batch_max: 1, wait_max, lives: config.cache, tags_of };
        let organizations = kind("organization", config.organization_timeout, |name| vec![organization_tag(name)]);
        let runs = kind("run", config.timeout, |run| vec![run_tag(run)]);
        let run_pages = kind("runs", config.timeout, tags_of_workspace);
        let assessments = kind("assessment", config.timeout, tags_of_workspace);
        let settled = |call, kind| CacheKind { call, lives: config.final_cache, ..kind };
        Self {
            organizations: maker.cache(organizations, fetch_organizations),
            runs: Settling {
                moving: maker.cache(runs, fetch_runs),
                settled: maker.cache(settled("run-final", runs), fetch_runs),
            },
            run_pages: maker.cache(run_pages, fetch_run_pages),
            assessments: Settling {
                moving: maker.cache(assessments, fetch_assessments),
                settled: maker.cache(settled("assessment-final", assessments), fetch_assessments),
            },
        }
    }
}

impl<V: Send + Sync + 'static> Settling<V> {
    /// One outcome for each key; with each stands whether what it names cannot change any more.
    pub(super) async fn get_many(
        &self,
        keys: Vec<(String, bool)>,
        access: &Access,
    ) -> HashMap<String, Result<Served<V>, SourceError>> {
        let (settled, moving): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, is_settled)| *is_settled);
        let names = |keys: Vec<(String, bool)>| keys.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        let (mut outcomes, moving) =
            futures::join!(self.settled.get_many(names(settled), access), self.moving.get_many(names(moving), access));
        outcomes.extend(moving);
        outcomes
    }
}

/// The namespace of a kind of entry is this version's.
pub(super) fn namespace(name: &str, base_url: &url::Url, token: &crate::Credential) -> Namespace {
    Namespace::new(SourceKind::Terraform, name, RECORD_VERSION, base_url, &token.current())
}

async fn fetch_organizations(client: Client, keys: Vec<String>) -> Found<Snapshot> {
    each(client, keys, |client, name| async move { client.workspaces(&name).await }).await
}

async fn fetch_runs(client: Client, keys: Vec<String>) -> Found<TerraformRunRecord> {
    each(client, keys, |client, run| async move { client.run(&run).await }).await
}

async fn fetch_run_pages(client: Client, keys: Vec<String>) -> Found<RunPageRecord> {
    let ask = |client: Client, key: String| async move {
        match RunPageKey::of_cache_key(&key) {
            Some(key) => client.runs(&key).await,
            None => Ok(None),
        }
    };
    each(client, keys, ask).await
}

async fn fetch_assessments(client: Client, keys: Vec<String>) -> Found<TerraformAssessmentRecord> {
    each(client, keys, |client, key| async move { client.assessment(workspace_of(&key)).await }).await
}

/// Asks for what each key names; what there is not is left out.
async fn each<V, F>(client: Client, keys: Vec<String>, ask: impl Fn(Client, String) -> F) -> Found<V>
where
    F: Future<Output = Result<Option<V>, SourceError>>,
{
    let mut found = HashMap::with_capacity(keys.len());
    for key in keys {
        if let Some(value) = ask(client.clone(), key.clone()).await? {
            found.insert(key, value);
        }
    }
    Ok(found)
}

fn workspace_of(key: &str) -> &str {
    key.split('\n').next().unwrap_or_default()
}

fn tags_of_workspace(key: &str) -> Vec<String> {
    vec![workspace_tag(workspace_of(key))]
}

pub(super) fn organization_tag(name: &str) -> String {
    format!("terraform:organization:{name}")
}

pub(super) fn workspace_tag(id: &str) -> String {
    format!("terraform:workspace:{id}")
}

pub(super) fn run_tag(id: &str) -> String {
    format!("terraform:run:{id}")
}
