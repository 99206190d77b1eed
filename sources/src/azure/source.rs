//! `Azure`: the way from annotations to records, through the caches.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use schema::{CloudResourceRecord, EntityRecord, SourceKind, Visibility, WebUrl};
use secrecy::SecretString;
use url::Url;

use super::{
    ABOUT, CloudAlertsKey, CloudResourcesKey, Config,
    caches::{self, CloudAlerts, CloudResources, SCOPES_MAX},
    client::{self, Client},
    config::SECRET_KEY,
    cost::{self, CostQueries},
    reach::Reach,
    scope::{Scope, is_guid},
    storage::Storage,
    token::{self, Tokens},
};
use crate::{
    About, Connector, SourceError,
    cache::{Access, Served, SourceCache},
    connector::Surroundings,
    health::Health,
    upstream::{Limits, Shared, Upstream, UpstreamConfig},
};

/// What tokens for storage are for, in every cloud.
const STORAGE_SCOPE: &str = "https://storage.azure.com/.default";

/// Azure, as the graph reads it. Clones share everything.
#[derive(Clone)]
pub struct Azure {
    config: Arc<Config>,
    reach: Arc<Reach>,
    client: Client,
    storage_tokens: Tokens,
    resources: SourceCache<CloudResources>,
    alerts: SourceCache<CloudAlerts>,
}

impl Azure {
    /// Prepares the source; none when it is switched off or not configured.
    pub fn new(config: Config, around: Surroundings<'_>) -> Result<Option<Self>, SourceError> {
        let (true, Some(tenant), Some(id)) = (config.enabled, config.tenant_id.clone(), config.client_id.clone())
        else {
            return Ok(None);
        };
        let Some(secret) = around.credential(SECRET_KEY) else { return Ok(None) };
        let arm =
            Upstream::new(UpstreamConfig::new(SourceKind::Azure, &config.arm_url, config.limits()), around.shared())?;
        let graph = arm.counted_apart("graph", config.graph_quota);
        let limits = Limits { quota: None, ..config.limits() };
        let entra = UpstreamConfig::new(SourceKind::Azure, &config.authority, limits).named("azure-entra");
        let entra = Upstream::new(entra, around.shared())?;
        let endpoint = endpoint(&config.authority, &tenant)?;
        let tokens = |scope: String, health: &Arc<Health>| {
            let (upstream, endpoint) = (entra.clone(), endpoint.clone());
            let client = token::Client { upstream, endpoint, scope, secret: secret.clone(), id: id.clone() };
            Tokens::new(client, Arc::clone(health), around.clock.clone())
        };
        // Storage is a service of its own: that it gives no token says nothing about what the graph reads.
        let storage_tokens = tokens(STORAGE_SCOPE.to_owned(), entra.health());
        let arm_scope = format!("{}/.default", config.arm_url.as_str().trim_end_matches('/'));
        let tokens = tokens(arm_scope, arm.health());
        // What may be read is the client's; its secret changes nothing about it.
        let principal = SecretString::from(format!("{tenant}\n{id}"));
        let client = Client::new(arm, graph, config.arm_url.clone(), tokens);
        let reach = Arc::new(Reach::new(&config));
        let (resources, alerts) = caches::new(&config, &client, &principal, &reach, around);
        Ok(Some(Self { config: Arc::new(config), reach, client, storage_tokens, resources, alerts }))
    }

    /// A container of Blob storage, read with the same client.
    pub fn storage(&self, container: &Url, shared: Shared<'_>) -> Result<Storage, SourceError> {
        let limits = Limits { quota: None, ..self.config.limits() };
        let config = UpstreamConfig::new(SourceKind::Azure, container, limits).named("azure-storage").raw();
        let upstream = Upstream::new(config, shared)?;
        Ok(Storage { upstream, tokens: self.storage_tokens.clone(), container: container.clone() })
    }

    /// The way to Cost Management, which counts its calls apart and answers slowly.
    pub fn cost_queries(&self, costs: &cost::Config, shared: Shared<'_>) -> Result<CostQueries, SourceError> {
        let limits = Limits { timeout: costs.query_timeout, quota: Some(costs.query_quota), ..self.config.limits() };
        let config = UpstreamConfig::new(SourceKind::Azure, &self.config.arm_url, limits).named("azure-cost");
        let (upstream, tokens) = (Upstream::new(config, shared)?, self.client.tokens().clone());
        Ok(CostQueries { upstream, tokens, arm_url: self.config.arm_url.clone() })
    }

    /// The annotation that names an entity's resource groups.
    pub fn annotation(&self) -> &str {
        &self.config.annotation
    }

    /// The annotation that names tags which an entity's resources carry.
    pub fn tag_annotation(&self) -> &str {
        &self.config.tag_annotation
    }

    /// What an entity names, each once, at most 100. What the tenant may not read is left out: it looks as if it were not there.
    pub fn resource_keys(&self, visibility: &Visibility, entity: &EntityRecord) -> Vec<CloudResourcesKey> {
        let listed = |annotation: &str| {
            let list = entity.annotation(annotation).unwrap_or_default();
            list.split(',').filter(|text| !text.trim().is_empty())
        };
        let groups = listed(&self.config.annotation).map(Scope::group);
        let tags = listed(&self.config.tag_annotation).map(Scope::tag);
        let mut keys: Vec<CloudResourcesKey> = Vec::new();
        for key in groups.chain(tags).flatten().filter_map(|scope| self.key(visibility, scope)).take(SCOPES_MAX) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// The group that a resource lies in, by the resource's id; none when the id has no such shape, or the tenant may not read there.
    pub fn key_of_resource(&self, visibility: &Visibility, resource_id: &str) -> Option<CloudResourcesKey> {
        let rest = resource_id.strip_prefix("/subscriptions/")?;
        let (subscription, rest) = rest.split_once("/resourcegroups/")?;
        let (name, _) = rest.split_once("/providers/")?;
        self.key(visibility, Scope::group(&format!("{subscription}/{name}"))?)
    }

    fn key(&self, visibility: &Visibility, scope: Scope) -> Option<CloudResourcesKey> {
        let tenant = visibility.tenant.clone();
        let may_read = match &scope {
            Scope::Group { subscription, .. } => self.reach.allows(&tenant, subscription),
            Scope::Tag { .. } => self.reach.of(&tenant).is_none_or(|allowed| !allowed.is_empty()),
        };
        may_read.then_some(CloudResourcesKey { tenant, scope })
    }

    /// The alerts among which those of a resource are; none when the tenant may not read there.
    pub fn alerts_key(&self, visibility: &Visibility, resource: &CloudResourceRecord) -> Option<CloudAlertsKey> {
        let tenant = visibility.tenant.clone();
        let subscription = resource.subscription_id.to_lowercase();
        // It becomes a part of a path.
        (is_guid(&subscription) && self.reach.allows(&tenant, &subscription))
            .then_some(CloudAlertsKey { tenant, subscription })
    }

    /// One outcome for each key: a hundred groups are one query, and none is asked for twice at a time.
    pub async fn resources_by_keys(
        &self,
        keys: &[CloudResourcesKey],
        access: &Access,
    ) -> HashMap<CloudResourcesKey, Result<Served<CloudResources>, SourceError>> {
        let mut outcomes =
            self.resources.get_many(keys.iter().map(CloudResourcesKey::cache_key).collect(), access).await;
        keys.iter().filter_map(|key| Some((key.clone(), outcomes.remove(&key.cache_key())?))).collect()
    }

    /// One outcome for each subscription, one call each for every 250 alerts.
    pub async fn alerts_by_keys(
        &self,
        keys: &[CloudAlertsKey],
        access: &Access,
    ) -> HashMap<CloudAlertsKey, Result<Served<CloudAlerts>, SourceError>> {
        let mut outcomes = self.alerts.get_many(keys.iter().map(CloudAlertsKey::cache_key).collect(), access).await;
        keys.iter().filter_map(|key| Some((key.clone(), outcomes.remove(&key.cache_key())?))).collect()
    }

    /// A resource's page in the portal.
    pub fn portal_url(&self, resource: &CloudResourceRecord) -> Option<WebUrl> {
        let mut url = self.config.portal_url.clone();
        url.set_fragment(Some(&format!("@/resource{}", resource.resource_id)));
        WebUrl::read(url.as_str())
    }

    /// Forgets what is known of these groups, `subscription/name` each, on every replica: something in them changed.
    pub async fn evict_groups(&self, groups: &[String]) {
        let tags: Vec<String> = groups.iter().map(|group| caches::group_tag(&group.to_lowercase())).collect();
        self.resources.evict_tags(&tags).await;
    }

    /// Forgets the alerts of these subscriptions, on every replica.
    pub async fn evict_alerts(&self, subscriptions: &[String]) {
        let tags: Vec<String> = subscriptions.iter().map(|id| caches::alerts_tag(&id.to_lowercase())).collect();
        self.alerts.evict_tags(&tags).await;
    }
}

#[async_trait]
impl Connector for Azure {
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
        self.client.subscriptions("probe").await?;
        // Azure as a whole has no version: it is the one that is asked for, and that it still takes.
        Ok(Some(client::GRAPH_VERSION.to_owned()))
    }

    async fn missing_rights(&self) -> Result<Vec<String>, SourceError> {
        let readable = self.client.subscriptions("subscriptions").await?;
        let hidden = self.reach.listed().into_iter().filter(|id| !readable.contains(id));
        let missing: Vec<String> =
            hidden.map(|id| format!("the client has no role `Reader` on the subscription {id}")).collect();
        if missing.is_empty() && readable.is_empty() {
            return Ok(vec!["the client has no role `Reader` on any subscription".to_owned()]);
        }
        Ok(missing)
    }
}

fn endpoint(authority: &Url, tenant: &str) -> Result<Url, SourceError> {
    let text = format!("{}/{tenant}/oauth2/v2.0/token", authority.as_str().trim_end_matches('/'));
    text.parse().map_err(|error| SourceError::Invalid(format!("sources.azure.authority: {error}")))
}
