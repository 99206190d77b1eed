//! The caches of Azure's connector, and how they are filled: what is asked for together, and what of an answer is whose.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use schema::{CloudResourceRecord, SourceKind, TargetedAlertRecord};
use secrecy::SecretString;

use super::{CloudResourcesKey, Config, client::Client, kql::Query, reach::Reach, scope::Scope};
use crate::{
    cache::SourceCache,
    caching::{CacheKind, CacheMaker, Found},
    connector::Surroundings,
    redis::Namespace,
};

/// Raised whenever a record changes, so that no replica reads what another release kept in Redis.
const RECORD_VERSION: u32 = 1;
/// Most groups and tags of one query.
pub(super) const SCOPES_MAX: usize = 100;
/// A read may have several pages and need a token first, each of which has `timeout`.
const WAITS: u32 = 4;

/// The resources of a group or with a tag, by id.
pub type CloudResources = Vec<Arc<CloudResourceRecord>>;
/// The alerts of a subscription that hold, gravest first, of those the newest.
pub type CloudAlerts = Vec<TargetedAlertRecord>;

/// The cache of resources by group or tag, and that of alerts by subscription. `principal` is as whom Azure is read.
pub(super) fn new(
    config: &Config,
    client: &Client,
    principal: &SecretString,
    reach: &Arc<Reach>,
    around: Surroundings<'_>,
) -> (SourceCache<CloudResources>, SourceCache<CloudAlerts>) {
    let namespace = |call: &str| Namespace::new(SourceKind::Azure, call, RECORD_VERSION, &config.arm_url, principal);
    let (upstream, entries_max) = (client.upstream(), config.cache_entries_max);
    let maker = CacheMaker { client, upstream, entries_max, namespace: &namespace, around };
    let (wait_max, lives) = (config.timeout * WAITS, config.cache);
    let resources = CacheKind { call: "resources", batch_max: SCOPES_MAX, wait_max, lives, tags_of: resource_tags };
    let alerts = CacheKind { call: "alerts", batch_max: 1, tags_of: alert_tags, ..resources };
    let reach = Arc::clone(reach);
    let resources = maker.cache(resources, move |client, keys| fetch_resources(client, Arc::clone(&reach), keys));
    (resources, maker.cache(alerts, fetch_alerts))
}

/// Fetches cache keys of any tenants: the client is Weft's own, and who may see what was decided before.
async fn fetch_resources(client: Client, reach: Arc<Reach>, keys: Vec<String>) -> Found<CloudResources> {
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

async fn fetch_alerts(client: Client, keys: Vec<String>) -> Found<CloudAlerts> {
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

pub(super) fn group_tag(group: &str) -> String {
    format!("azure:group:{group}")
}

fn alert_tags(key: &str) -> Vec<String> {
    key.split_once('\n').map(|(_, subscription)| alerts_tag(subscription)).into_iter().collect()
}

pub(super) fn alerts_tag(subscription: &str) -> String {
    format!("azure:alerts:{subscription}")
}
