//! The caches in front of Terraform. What may change has short lives; what ended has long ones, in a cache of its own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use schema::{SourceKind, TerraformAssessmentRecord, TerraformRunRecord};
use serde::{Serialize, de::DeserializeOwned};

use super::{Config, client::Client, key::RunPageKey, run::RunPageRecord, snapshot::Snapshot};
use crate::{
    SourceError,
    cache::{Access, Lives, Parts, Served, SharedStore, SourceCache, TagsOf},
    connector::Surroundings,
    redis::{Namespace, RedisStore},
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

/// Asks for what a key names; none when there is no such.
type Ask<V> = fn(Client, String) -> BoxFuture<'static, Result<Option<V>, SourceError>>;

/// What caches are made with.
#[derive(Clone, Copy)]
struct Around<'a> {
    config: &'a Config,
    client: &'a Client,
    namespace: &'a dyn Fn(&str) -> Namespace,
    surroundings: Surroundings<'a>,
}

/// One of them.
struct Kind<V> {
    name: &'static str,
    tags_of: TagsOf,
    wait_max: Duration,
    ask: Ask<V>,
}

impl Caches {
    pub(super) fn new(
        config: &Config,
        client: &Client,
        namespace: &dyn Fn(&str) -> Namespace,
        surroundings: Surroundings<'_>,
    ) -> Self {
        let around = Around { config, client, namespace, surroundings };
        let organizations = Kind {
            name: "organization",
            tags_of: |organization| vec![organization_tag(organization)],
            wait_max: config.organization_timeout,
            ask: |client, organization| async move { client.workspaces(&organization).await }.boxed(),
        };
        let runs = Kind {
            name: "run",
            tags_of: |run| vec![run_tag(run)],
            wait_max: config.timeout,
            ask: |client, run| async move { client.run(&run).await }.boxed(),
        };
        let run_pages = Kind {
            name: "runs",
            tags_of: tags_of_workspace,
            wait_max: config.timeout,
            ask: |client, key| {
                async move {
                    match RunPageKey::of_cache_key(&key) {
                        Some(key) => client.runs(&key).await,
                        None => Ok(None),
                    }
                }
                .boxed()
            },
        };
        let assessments = Kind {
            name: "assessment",
            tags_of: tags_of_workspace,
            wait_max: config.timeout,
            ask: |client, key| async move { client.assessment(workspace_of(&key)).await }.boxed(),
        };
        Self {
            organizations: around.cache(&organizations, organizations.name, config.cache),
            runs: around.settling(&runs, "run-final"),
            run_pages: around.cache(&run_pages, run_pages.name, config.cache),
            assessments: around.settling(&assessments, "assessment-final"),
        }
    }
}

impl Around<'_> {
    fn settling<V>(self, kind: &Kind<V>, settled: &'static str) -> Settling<V>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        Settling {
            moving: self.cache(kind, kind.name, self.config.cache),
            settled: self.cache(kind, settled, self.config.final_cache),
        }
    }

    fn cache<V>(self, kind: &Kind<V>, name: &str, lives: Lives) -> SourceCache<V>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let shared = self.surroundings.redis.map(|redis| {
            let store = RedisStore::new(redis.clone(), (self.namespace)(name), kind.tags_of);
            Arc::new(store) as Arc<dyn SharedStore<V>>
        });
        let (client, ask) = (self.client.clone(), kind.ask);
        SourceCache::new(Parts {
            upstream: SourceKind::Terraform,
            entries_max: self.config.cache_entries_max,
            evictions: Arc::clone(self.surroundings.evictions),
            tags_of: kind.tags_of,
            shared,
            fetch: Arc::new(move |keys| fetch(client.clone(), ask, keys).boxed()),
            lives,
            // Terraform answers one such question with each call; alone, a key fails alone.
            batch_max: 1,
            wait_max: kind.wait_max,
            clock: self.surroundings.clock.clone(),
            health: Arc::clone(self.client.upstream().health()),
        })
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

async fn fetch<V>(client: Client, ask: Ask<V>, keys: Vec<String>) -> Result<HashMap<String, V>, SourceError> {
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
