//! The caches in front of AWX, one for each kind of question, and how each asks.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use schema::{AutomationJobRecord, AutomationTemplateRecord};

use super::{
    Config,
    client::{Client, IDS_MAX},
    host::{self, Hosts},
    key,
    window::Window,
    windows::{Lister, windows},
};
use crate::{
    cache::{Access, CacheMode, SourceCache, TagsOf},
    caching::{CacheKind, CacheMaker, Found},
    connector::Surroundings,
};

/// Raised whenever a record changes, so that no replica reads what another release kept in Redis.
const RECORD_VERSION: u32 = 2;

/// Every cache. Clones share everything.
#[derive(Clone)]
pub(super) struct Caches {
    pub(super) templates: SourceCache<AutomationTemplateRecord>,
    pub(super) windows: SourceCache<Window>,
    pub(super) pages: SourceCache<Vec<Arc<AutomationJobRecord>>>,
    pub(super) jobs: SourceCache<AutomationJobRecord>,
    /// Hosts as they were seen last.
    pub(super) hosts: SourceCache<Hosts>,
    /// Hosts of runs that are over and settled; filled from `hosts`.
    pub(super) settled_hosts: SourceCache<Hosts>,
}

impl Caches {
    pub(super) fn new(config: &Config, client: &Client, around: Surroundings<'_>) -> Self {
        let namespace = |call: &str| client.namespace(call, RECORD_VERSION);
        let (upstream, entries_max) = (client.upstream(), config.cache_entries_max);
        let maker = CacheMaker { client, upstream, entries_max, namespace: &namespace, around };
        let one = config.timeout;
        // Windows are filled by several calls.
        let several = config.timeout.saturating_mul(2);
        let kind = |call, batch_max, wait_max, tags_of: TagsOf| CacheKind {
            call,
            batch_max,
            wait_max,
            lives: config.cache,
            tags_of,
        };
        let templates = maker.cache(kind("template", IDS_MAX, one, key::template_tags), templates);
        let lister = Lister { templates: templates.clone(), age_max: config.timeout };
        let windows = maker.cache(kind("window", IDS_MAX, several, key::template_tags), move |client, keys| {
            windows(client, lister.clone(), keys)
        });
        let pages = maker.cache(kind("page", 1, several, key::template_tags), pages);
        let jobs = maker.cache(kind("job", IDS_MAX, one, key::job_tags), jobs);
        let hosts = maker.cache(kind("hosts", 1, several, key::job_tags), hosts);
        let unsettled = hosts.clone();
        let settled_kind =
            CacheKind { lives: config.settled_cache, ..kind("settled_hosts", 1, several, key::job_tags) };
        let settled_hosts = maker.cache(settled_kind, move |_, keys| settled(unsettled.clone(), keys));
        Self { templates, windows, pages, jobs, hosts, settled_hosts }
    }
}

async fn templates(client: Client, keys: Vec<String>) -> Found<AutomationTemplateRecord> {
    let found = client.templates(&numbers(&keys)).await?;
    Ok(by_key(keys, |key| found.get(&key::number(key)?).cloned()))
}

/// Pages that windows do not reach: exactly what is asked for, in one call for each 200 rows.
pub(super) async fn pages(client: Client, keys: Vec<String>) -> Found<Vec<Arc<AutomationJobRecord>>> {
    let mut found = HashMap::new();
    for key in keys {
        let Some((templates, mut before, rows)) = key::page(&key) else { continue };
        let mut jobs: Vec<Arc<AutomationJobRecord>> = Vec::new();
        loop {
            let runs = client.runs(&templates, before, rows.saturating_sub(jobs.len())).await?;
            jobs.extend(runs.jobs.into_iter().map(Arc::new));
            before = runs.floor;
            if before.is_none() || jobs.len() >= rows {
                break;
            }
        }
        found.insert(key, jobs);
    }
    Ok(found)
}

async fn jobs(client: Client, keys: Vec<String>) -> Found<AutomationJobRecord> {
    let found = client.runs_by_numbers(&numbers(&keys)).await?;
    let found: HashMap<i32, AutomationJobRecord> = found.into_iter().map(|job| (job.number, job)).collect();
    Ok(by_key(keys, |key| found.get(&key::number(key)?).cloned()))
}

async fn hosts(client: Client, keys: Vec<String>) -> Found<Hosts> {
    let mut found = HashMap::new();
    for key in keys {
        let Some(number) = key::number(&key) else { continue };
        found.extend(host::read(&client, number).await?.map(|hosts| (key, hosts)));
    }
    Ok(found)
}

/// Of these runs, the hosts that will not change any more.
async fn settled(hosts: SourceCache<Hosts>, keys: Vec<String>) -> Found<Hosts> {
    let mut found = HashMap::new();
    for (key, outcome) in hosts.get_many(keys, &Access::new(CacheMode::Use)).await {
        let settled = outcome?.value.filter(|hosts| hosts.is_settled);
        found.extend(settled.map(|hosts| (key, Hosts::clone(&hosts))));
    }
    Ok(found)
}

fn numbers(keys: &[String]) -> Vec<i32> {
    let mut numbers: Vec<i32> = keys.iter().filter_map(|key| key::number(key)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn by_key<K: Eq + Hash + AsRef<str>, V>(keys: Vec<K>, find: impl Fn(&str) -> Option<V>) -> HashMap<K, V> {
    keys.into_iter().filter_map(|key| find(key.as_ref()).map(|value| (key, value))).collect()
}
