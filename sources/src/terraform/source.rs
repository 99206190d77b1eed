//! `Terraform`: the source as the graph reads it, and as it is looked after.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use schema::{
    EntityRecord, SourceKind, TerraformAssessmentRecord, TerraformRunRecord, TerraformWorkspaceRecord, Visibility,
    WebUrl,
};

use super::{
    ABOUT, AssessmentKey, Config, RunKey, RunPageKey, RunPageRecord, WorkspaceKey,
    caches::{self, Caches, organization_tag, run_tag, workspace_tag},
    client::{self, Client},
    snapshot::Snapshot,
};
use crate::{
    About, Connector, SourceError,
    cache::{Access, Served},
    connector::Surroundings,
    upstream::{Upstream, UpstreamConfig},
};

/// One outcome for each key.
type Outcomes<K, V> = HashMap<K, Result<Served<V>, SourceError>>;

/// Terraform, as the graph reads it. Clones share everything.
#[derive(Clone)]
pub struct Terraform {
    config: Arc<Config>,
    client: Client,
    caches: Caches,
}

impl Terraform {
    /// Prepares the source; none when it is switched off or not configured.
    pub fn new(config: Config, around: Surroundings<'_>) -> Result<Option<Self>, SourceError> {
        let token = around.credential("sources.terraform.token");
        let (true, Some(base_url), Some(token)) = (config.enabled, config.base_url.clone(), token) else {
            return Ok(None);
        };
        let calls = UpstreamConfig::new(SourceKind::Terraform, &base_url, config.limits());
        let upstream = Upstream::new(calls, around.shared())?;
        let run_lists = upstream.counted_apart("runs", config.runs_quota);
        let namespace = |name: &str| caches::namespace(name, &base_url, &token);
        let client = Client::new(client::Parts {
            upstream,
            run_lists,
            base_url: base_url.clone(),
            token: token.clone(),
            clock: around.clock.clone(),
            workspaces_max: config.workspaces_max,
        });
        let caches = Caches::new(&config, &client, &namespace, around);
        Ok(Some(Self { config: Arc::new(config), client, caches }))
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// All workspaces of an organization; none when it is not there.
    pub(super) async fn snapshot(
        &self,
        organization: &str,
        access: &Access,
    ) -> Result<Option<Arc<Snapshot>>, SourceError> {
        let mut read = self.caches.organizations.get_many(vec![organization.to_owned()], access).await;
        read.remove(organization).map_or(Ok(None), |outcome| Ok(outcome?.value))
    }

    /// The annotation that names an entity's workspaces.
    pub fn annotation(&self) -> &str {
        &self.config.annotation
    }

    /// The workspaces that an entity names and the tenant may read, by organization and name; at most 100.
    pub fn workspace_keys(&self, visibility: &Visibility, entity: &EntityRecord) -> Vec<WorkspaceKey> {
        let named = entity.annotation(&self.config.annotation).unwrap_or_default();
        WorkspaceKey::of_annotation(&self.config, &visibility.tenant, named)
    }

    /// The workspace `organization/name`; none when the tenant may not read there.
    pub fn workspace_key(&self, visibility: &Visibility, path: &str) -> Option<WorkspaceKey> {
        WorkspaceKey::read(&self.config, &visibility.tenant, path)
    }

    /// One outcome for each workspace: each organization is one read, however many of its workspaces are asked for.
    pub async fn workspaces_by_keys(
        &self,
        keys: &[WorkspaceKey],
        access: &Access,
    ) -> Outcomes<WorkspaceKey, TerraformWorkspaceRecord> {
        let organizations: HashSet<String> = keys.iter().map(|key| key.organization.clone()).collect();
        let read = self.caches.organizations.get_many(organizations.into_iter().collect(), access).await;
        let outcome = |key: &WorkspaceKey| {
            let snapshot = read.get(&key.organization)?.as_ref().map_err(SourceError::clone);
            Some((key.clone(), snapshot.map(|served| served.pick(|snapshot| snapshot.get(&key.name).cloned()))))
        };
        keys.iter().filter_map(outcome).collect()
    }

    /// One outcome for each run, with what lists of workspaces leave out: a call each, once in its life when it ended.
    pub async fn runs_by_keys(&self, keys: &[RunKey], access: &Access) -> Outcomes<RunKey, TerraformRunRecord> {
        let cache_keys = keys.iter().map(|key| (key.id.clone(), key.is_final)).collect();
        let outcomes = self.caches.runs.get_many(cache_keys, access).await;
        keys.iter().filter_map(|key| Some((key.clone(), outcomes.get(&key.id)?.clone()))).collect()
    }

    /// One outcome for each page of runs: a call each, of which Terraform allows few.
    pub async fn run_pages_by_keys(&self, keys: &[RunPageKey], access: &Access) -> Outcomes<RunPageKey, RunPageRecord> {
        let cache_keys = keys.iter().map(RunPageKey::cache_key).collect();
        let mut outcomes = self.caches.run_pages.get_many(cache_keys, access).await;
        keys.iter().filter_map(|key| Some((key.clone(), outcomes.remove(&key.cache_key())?))).collect()
    }

    /// One outcome for each assessment: a call each, once in its life where its moment is known.
    pub async fn assessments_by_keys(
        &self,
        keys: &[AssessmentKey],
        access: &Access,
    ) -> Outcomes<AssessmentKey, TerraformAssessmentRecord> {
        let cache_keys = keys.iter().map(|key| (key.cache_key(), key.made_at.is_some())).collect();
        let mut outcomes = self.caches.assessments.get_many(cache_keys, access).await;
        keys.iter().filter_map(|key| Some((key.clone(), outcomes.remove(&key.cache_key())?))).collect()
    }

    /// A run's page in Terraform.
    pub fn run_page(&self, workspace: &TerraformWorkspaceRecord, run: &str) -> Option<WebUrl> {
        self.client.run_page(&workspace.organization, &workspace.name, run)
    }

    /// Forgets what is known of a workspace and one of its runs, on every replica: something happened to them.
    pub async fn evict(&self, organization: &str, workspace_id: Option<&str>, run_id: Option<&str>) {
        let (workspace, run) = (workspace_id.map(workspace_tag), run_id.map(run_tag));
        let tags: Vec<String> = std::iter::once(organization_tag(organization)).chain(workspace).chain(run).collect();
        self.caches.organizations.evict_tags(&tags).await;
    }
}

#[async_trait]
impl Connector for Terraform {
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
        let organizations: BTreeSet<&str> =
            self.config.tenants.listed().map(|(_, organization)| organization).collect();
        let mut missing = Vec::new();
        for organization in organizations {
            if !self.client.may_read(organization).await? {
                missing.push(format!("there is no organization `{organization}`, or the token may read nothing in it"));
            }
        }
        Ok(missing)
    }
}
