//! `Azure`: the way from annotations to records, through the caches.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures::{FutureExt, future::BoxFuture};
use schema::{CloudResourceRecord, EntityRecord, SourceKind, TargetedAlertRecord, Visibility, WebUrl};
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::{
    CONNECTOR_VERSION, CloudAlertsKey, CloudResourcesKey, Config, TESTED_VERSIONS,
    client::{self, Client},
    config::SECRET_KEY,
    kql::Query,
    reach::Reach,
    scope::{Scope, is_guid},
    token::{self, Tokens},
};
use crate::{
    Connector, SourceError,
    cache::{Access, Parts, Served, SharedStore, SourceCache, TagsOf},
    connector::Surroundings,
    redis::{Namespace, RedisStore},
    upstream::{Upstream, UpstreamConfig},
};

/// Raised whenever a record changes, so that no replica reads what another release kept in Redis.
const RECORD_VERSION: u32 = 1;
/// Most groups and tags of one query.
const SCOPES_MAX: usize = 100;
/// A read may have several pages and need a token first, each of which has `timeout`.
const WAITS: u32 = 4;

/// The resources of a group or with a tag, by id.
pub type CloudResources = Vec<Arc<CloudResourceRecord>>;
/// The alerts of a subscription that hold, gravest first, of those the newest.
pub type CloudAlerts = Vec<TargetedAlertRecord>;

/// Azure, as the graph reads it. Clones share everything.
#[derive(Clone)]
pub struct Azure {
    config: Arc<Config>,
    reach: Arc<Reach>,
    client: Client,
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
        let arm = Upstream::new(limits(&config, "azure", &config.arm_url), around.shared())?;
        let graph = arm.counted_apart("graph", config.graph_quota);
        let entra = UpstreamConfig { quota: None, ..limits(&config, "azure-entra", &config.authority) };
        let tokens = Tokens::new(
            token::Client {
                upstream: Upstream::new(entra, around.shared())?,
                endpoint: endpoint(&config.authority, &tenant)?,
                scope: format!("{}/.default", config.arm_url.as_str().trim_end_matches('/')),
                secret,
                id: id.clone(),
            },
            Arc::clone(arm.health()),
            around.clock.clone(),
        );
        // What may be read is the client's; its secret changes nothing about it.
        let principal = SecretString::from(format!("{tenant}\n{id}"));
        let client = Client::new(arm, graph, config.arm_url.clone(), tokens);
        let (config, reach) = (Arc::new(config.clone()), Arc::new(Reach::new(&config)));
        let make = Caches { config: &config, around, client: &client, principal };
        let (of_groups, within) = (client.clone(), Arc::clone(&reach));
        let fetch = move |keys| fetch_resources(of_groups.clone(), Arc::clone(&within), keys).boxed();
        let resources = make.cache("resources", SCOPES_MAX, resource_tags, fetch);
        let of_alerts = client.clone();
        let alerts = make.cache("alerts", 1, alert_tags, move |keys| fetch_alerts(of_alerts.clone(), keys).boxed());
        Ok(Some(Self { config, reach, client, resources, alerts }))
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
        let tags: Vec<String> = groups.iter().map(|group| group_tag(&group.to_lowercase())).collect();
        self.resources.evict_tags(&tags).await;
    }

    /// Forgets the alerts of these subscriptions, on every replica.
    pub async fn evict_alerts(&self, subscriptions: &[String]) {
        let tags: Vec<String> = subscriptions.iter().map(|id| alerts_tag(&id.to_lowercase())).collect();
        self.alerts.evict_tags(&tags).await;
    }
}

#[async_trait]
impl Connector for Azure {
    fn kind(&self) -> SourceKind {
        SourceKind::Azure
    }

    fn connector_version(&self) -> &'static str {
        CONNECTOR_VERSION
    }

    fn tested_versions(&self) -> (&'static str, &'static str) {
        TESTED_VERSIONS
    }

    fn upstream(&self) -> &Upstream {
        self.client.upstream()
    }

    fn probe_interval(&self) -> Duration {
        self.config.probe_interval
    }

    async fn probe(&self) -> Result<(), SourceError> {
        self.client.probe().await?;
        // Azure as a whole has no version: it is the one that is asked for, and that it still takes.
        self.upstream().health().version(client::GRAPH_VERSION.to_owned());
        Ok(())
    }
}

/// What both caches are made of.
struct Caches<'a> {
    config: &'a Config,
    around: Surroundings<'a>,
    client: &'a Client,
    principal: SecretString,
}

type Fetched<V> = BoxFuture<'static, Result<HashMap<String, V>, SourceError>>;

impl Caches<'_> {
    fn cache<V: Serialize + DeserializeOwned + Send + Sync + 'static>(
        &self,
        call: &'static str,
        batch_max: usize,
        tags_of: TagsOf,
        fetch: impl Fn(Vec<String>) -> Fetched<V> + Send + Sync + 'static,
    ) -> SourceCache<V> {
        let Self { config, around, client, principal } = self;
        let shared = around.redis.map(|redis| {
            let namespace = Namespace::new(SourceKind::Azure, call, RECORD_VERSION, &config.arm_url, principal);
            Arc::new(RedisStore::new(redis.clone(), namespace, tags_of)) as Arc<dyn SharedStore<V>>
        });
        SourceCache::new(Parts {
            upstream: SourceKind::Azure,
            entries_max: config.cache_entries_max,
            evictions: Arc::clone(around.evictions),
            tags_of,
            shared,
            fetch: Arc::new(fetch),
            lives: config.cache,
            batch_max,
            wait_max: config.timeout * WAITS,
            clock: around.clock.clone(),
            health: Arc::clone(client.upstream().health()),
        })
    }
}

fn limits(config: &Config, name: &str, base_url: &Url) -> UpstreamConfig {
    UpstreamConfig {
        kind: SourceKind::Azure,
        name: name.to_owned(),
        base_url: base_url.clone(),
        quota: config.quota,
        ca_file: config.ca_file.clone(),
        timeout: config.timeout,
        requests_in_flight_max: config.requests_in_flight_max,
        body_bytes_max: usize::try_from(config.body_max.as_u64()).unwrap_or(usize::MAX),
        breaker: config.breaker,
    }
}

fn endpoint(authority: &Url, tenant: &str) -> Result<Url, SourceError> {
    let text = format!("{}/{tenant}/oauth2/v2.0/token", authority.as_str().trim_end_matches('/'));
    text.parse().map_err(|error| SourceError::Invalid(format!("sources.azure.authority: {error}")))
}

/// Fetches cache keys of any tenants: the client is Weft's own, and who may see what was decided before.
async fn fetch_resources(
    client: Client,
    reach: Arc<Reach>,
    keys: Vec<String>,
) -> Result<HashMap<String, CloudResources>, SourceError> {
    let wanted: Vec<(String, CloudResourcesKey)> =
        keys.into_iter().filter_map(|key| Some((key.clone(), CloudResourcesKey::read(&key)?))).collect();
    let query = Query::of(wanted.iter().map(|(_, key)| (key.scope.clone(), reach.of(&key.tenant))));
    let mut records: Vec<(String, CloudResourceRecord)> =
        client.resources(&query).await?.into_iter().map(|record| (record.key(), record)).collect();
    records.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    // A page that moved while it was read may show a row twice.
    records.dedup_by(|(one, _), (other, _)| one == other);
    let mut groups: BTreeMap<Scope, CloudResources> = BTreeMap::new();
    let all: CloudResources = records.into_iter().map(|(_, record)| Arc::new(record)).collect();
    for record in &all {
        if let Some(group) = &record.resource_group {
            let scope =
                Scope::Group { subscription: record.subscription_id.to_lowercase(), name: group.to_lowercase() };
            groups.entry(scope).or_default().push(Arc::clone(record));
        }
    }
    let found = |key: &CloudResourcesKey| match &key.scope {
        // No rows: an empty group, or none that the client may see; so it is looked for again soon.
        scope @ Scope::Group { .. } => groups.get(scope).cloned(),
        Scope::Tag { name, value } => {
            let allowed = reach.of(&key.tenant);
            let has_tag = |record: &CloudResourceRecord| {
                let tag = record.tags.as_ref().and_then(|tags| tags.0.get(name)?.as_str());
                let subscription = record.subscription_id.to_lowercase();
                tag == Some(value) && allowed.as_ref().is_none_or(|allowed| allowed.contains(&subscription))
            };
            let tagged: CloudResources = all.iter().filter(|record| has_tag(record)).cloned().collect();
            (!tagged.is_empty()).then_some(tagged)
        }
    };
    Ok(wanted.into_iter().filter_map(|(text, key)| Some((text, found(&key)?))).collect())
}

async fn fetch_alerts(client: Client, keys: Vec<String>) -> Result<HashMap<String, CloudAlerts>, SourceError> {
    let mut found = HashMap::new();
    for key in keys {
        let Some((_, subscription)) = key.split_once('\n') else { continue };
        if let Some(mut alerts) = client.alerts(subscription).await? {
            alerts.sort_by(|one, other| {
                let (one, other) = (&one.alert, &other.alert);
                (one.severity, other.fired_at, &one.rule).cmp(&(other.severity, one.fired_at, &other.rule))
            });
            found.insert(key, alerts);
        }
    }
    Ok(found)
}

/// The tags of a cache key: its group or tag, whoever's tenant asks.
fn resource_tags(key: &str) -> Vec<String> {
    key.split_once('\n').map(|(_, scope)| group_tag(scope)).into_iter().collect()
}

fn group_tag(group: &str) -> String {
    format!("azure:group:{group}")
}

fn alert_tags(key: &str) -> Vec<String> {
    key.split_once('\n').map(|(_, subscription)| alerts_tag(subscription)).into_iter().collect()
}

fn alerts_tag(subscription: &str) -> String {
    format!("azure:alerts:{subscription}")
}
