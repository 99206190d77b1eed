//! `Cluster`: one cluster and what is kept of its lists.
//!
//! Lists are kept without a tenant: they are what the cluster says to Weft's own token, whoever asks. What a tenant may see of them
//! is decided at each look (`may_read`), before anything is compared.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use schema::SourceKind;

use super::{
    ABOUT, Annotations, Config,
    client::Client,
    fetch::{EVERYWHERE, fetch, key_of, tag_of, tags_of},
    list::Listing,
    pattern::{is_name, matches},
    resource::Resource,
};
use crate::{
    About, Clock, Connector, SourceError,
    cache::{Access, CacheMode, Layer, Served, SourceCache},
    caching::{CacheKind, CacheMaker},
    connector::Surroundings,
    redis::Namespace,
    upstream::{Upstream, UpstreamConfig},
};

/// Raised whenever a type in [`Listing`] changes, so that no replica reads what another release kept in Redis.
const RECORD_VERSION: u32 = 2;
/// Most namespaces that are listed one by one for a component that names none.
const NAMESPACES_MAX: usize = 200;
/// Namespaces that are asked at once for what the token may do in them.
const LOOKS_AT_ONCE: usize = 4;

/// A cluster. Clones share everything.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) config: Arc<Config>,
    pub(super) client: Client,
    lists: SourceCache<Listing>,
    pub(super) annotations: Annotations,
    pub(super) clock: Clock,
}

/// What is wanted of a cluster: a kind of objects, in one namespace or wherever one may look.
pub(super) type Want = (Resource, Option<String>);

/// Lists that together hold what was wanted.
#[derive(Clone)]
pub(super) struct Lists {
    parts: Vec<Arc<Listing>>,
    /// The token may not read all of it.
    pub(super) is_forbidden: bool,
    pub(super) fetched_at: DateTime<Utc>,
    /// Where the oldest of them was.
    pub(super) layer: Layer,
    pub(super) stale_age: Option<Duration>,
}

impl Lists {
    fn empty(now: DateTime<Utc>) -> Self {
        Self { parts: Vec::new(), is_forbidden: false, fetched_at: now, layer: Layer::Memory, stale_age: None }
    }

    fn add(&mut self, served: Served<Listing>) {
        if served.fetched_at <= self.fetched_at {
            (self.fetched_at, self.layer) = (served.fetched_at, served.layer);
        }
        self.stale_age = self.stale_age.max(served.stale_age);
        match served.value {
            Some(listing) if matches!(*listing, Listing::Forbidden) => self.is_forbidden = true,
            listing => self.parts.extend(listing),
        }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Listing> {
        self.parts.iter().map(|part| &**part)
    }
}

type Outcomes = HashMap<Want, Result<Lists, SourceError>>;

impl Cluster {
    /// Prepares the cluster; none when it is switched off.
    pub(super) fn new(
        config: Config,
        annotations: &Annotations,
        around: Surroundings<'_>,
    ) -> Result<Option<Self>, SourceError> {
        let token = around.credential(&config.key("token"));
        let (true, Some(base_url), Some(token)) = (config.enabled, config.base_url.clone(), token) else {
            return Ok(None);
        };
        let calls = UpstreamConfig::new(SourceKind::Openshift, &base_url, config.limits()).named(&config.name);
        let upstream = Upstream::new(calls, around.shared())?;
        let namespace =
            |call: &str| Namespace::new(SourceKind::Openshift, call, RECORD_VERSION, &base_url, &token.current());
        let config = Arc::new(config);
        let client = Client::new(upstream, base_url.clone(), token.clone(), config.objects_max);
        let (upstream, entries_max) = (client.upstream(), config.cache_entries_max);
        let maker = CacheMaker { client: &client, upstream, entries_max, namespace: &namespace, around };
        let (wait_max, lives) = (config.list_timeout, config.cache);
        let kind = CacheKind { call: "list", batch_max: 1, wait_max, lives, tags_of };
        let settings = Arc::clone(&config);
        let lists = maker.cache(kind, move |client, keys| fetch(client, Arc::clone(&settings), keys));
        let (annotations, clock) = (annotations.clone(), around.clock.clone());
        Ok(Some(Self { config, client, lists, annotations, clock }))
    }

    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    fn key_of(&self, resource: Resource, namespace: &str) -> String {
        key_of(&self.config.name, resource, namespace)
    }

    /// Has every replica forget its lists of these kinds.
    pub(super) async fn forget(&self, resources: &[Resource]) {
        let tags: Vec<String> = resources.iter().map(|resource| tag_of(&self.config.name, *resource)).collect();
        self.lists.evict_tags(&tags).await;
    }

    /// Whether a tenant may read in a namespace.
    pub(super) fn may_read(&self, tenant: &str, namespace: &str) -> bool {
        let Config { namespaces, tenants, .. } = &*self.config;
        (namespaces.is_empty() || namespaces.iter().any(|name| name == namespace))
            && tenants.reach(tenant).holds(|pattern| matches(pattern, namespace))
    }

    /// Whether a tenant may read anywhere.
    pub(super) fn may_read_any(&self, tenant: &str) -> bool {
        !self.config.tenants.reach(tenant).is_nothing()
    }

    /// One outcome for each want: one list for each kind of objects; one for each namespace where the configuration names
    /// them or the token may not list them all at once.
    pub(super) async fn lists(&self, wants: &BTreeSet<Want>, access: &Access, now: DateTime<Utc>) -> Outcomes {
        let mut outcomes = Outcomes::new();
        let mut apart: Vec<&Want> = Vec::new();
        if self.config.namespaces.is_empty() {
            let resources: BTreeSet<Resource> = wants.iter().map(|(resource, _)| *resource).collect();
            let keys = resources.iter().map(|resource| self.key_of(*resource, EVERYWHERE)).collect();
            let whole = self.lists.get_many(keys, access).await;
            for want in wants {
                match whole.get(&self.key_of(want.0, EVERYWHERE)) {
                    Some(Ok(served)) if is_forbidden(served) => apart.push(want),
                    Some(Ok(served)) => {
                        let mut lists = Lists::empty(now);
                        lists.add(served.clone());
                        outcomes.insert(want.clone(), Ok(lists));
                    }
                    Some(Err(error)) => drop(outcomes.insert(want.clone(), Err(error.clone()))),
                    None => {}
                }
            }
        } else {
            apart.extend(wants);
        }
        if !apart.is_empty() {
            // Apart: this is the way of few clusters.
            outcomes.extend(Box::pin(self.lists_by_namespace(&apart, access, now)).await);
        }
        outcomes
    }

    async fn lists_by_namespace(&self, wants: &[&Want], access: &Access, now: DateTime<Utc>) -> Outcomes {
        let is_open = wants.iter().any(|(_, namespace)| namespace.is_none());
        let known = if is_open { self.namespaces(access).await } else { Ok(Vec::new()) };
        let within = |want: &Want| -> Result<Vec<String>, SourceError> {
            match &want.1 {
                Some(namespace) => Ok(vec![namespace.clone()]),
                None => known.clone(),
            }
        };
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for want in wants {
            let namespaces = within(want).unwrap_or_default();
            keys.extend(namespaces.iter().map(|namespace| self.key_of(want.0, namespace)));
        }
        let found = self.lists.get_many(keys.into_iter().collect(), access).await;
        let gather = |want: &Want| {
            let mut lists = Lists::empty(now);
            for namespace in within(want)? {
                if let Some(served) = found.get(&self.key_of(want.0, &namespace)) {
                    lists.add(served.clone()?);
                }
            }
            Ok(lists)
        };
        wants.iter().map(|want| ((*want).clone(), gather(want))).collect()
    }

    /// The namespaces to look in when none is named: those of the configuration, else the projects that the token sees.
    async fn namespaces(&self, access: &Access) -> Result<Vec<String>, SourceError> {
        if !self.config.namespaces.is_empty() {
            return Ok(self.config.namespaces.clone());
        }
        let key = self.key_of(Resource::Projects, EVERYWHERE);
        let mut found = self.lists.get_many(vec![key.clone()], access).await;
        let Some(served) = found.remove(&key) else { return Ok(Vec::new()) };
        let projects = match served?.value.as_deref() {
            Some(Listing::Projects(names)) => names.clone(),
            // Plain Kubernetes without the right to list: the names that the configuration writes out.
            _ => self.config.tenants.listed().map(|(_, pattern)| pattern.to_owned()).collect(),
        };
        let is_mapped = |name: &String| {
            let tenants = &self.config.tenants;
            tenants.is_empty() || tenants.listed().any(|(_, pattern)| matches(pattern, name))
        };
        let names: BTreeSet<String> = projects.into_iter().filter(|name| is_name(name) && is_mapped(name)).collect();
        if names.is_empty() {
            // Nothing to see is no sign that nothing runs: so it looks when the role of the token is gone.
            let message = "its token may list neither the cluster nor a project of any tenant";
            return Err(SourceError::protocol(SourceKind::Openshift, message));
        }
        if names.len() > NAMESPACES_MAX {
            let message = format!("{} namespaces cannot be listed one by one: name them in annotations", names.len());
            return Err(SourceError::protocol(SourceKind::Openshift, message));
        }
        Ok(names.into_iter().collect())
    }
}

#[async_trait]
impl Connector for Cluster {
    fn about(&self) -> About {
        ABOUT
    }

    fn name(&self) -> &str {
        &self.config.name
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
        let mut apart = Vec::new();
        for resource in Resource::of_namespaces() {
            if !self.config.namespaces.is_empty() || !self.client.may_list(resource, None).await? {
                apart.push(resource);
            }
        }
        if apart.is_empty() {
            return Ok(Vec::new());
        }
        let mut namespaces: BTreeSet<String> = match self.namespaces(&Access::new(CacheMode::Bypass)).await {
            Err(SourceError::Protocol { cause, .. }) => return Ok(vec![cause.to_string()]),
            namespaces => namespaces?.into_iter().collect(),
        };
        // A project that the token does not see is in no list of projects.
        namespaces.extend(self.config.tenants.listed().map(|(_, name)| name.to_owned()).filter(|name| is_name(name)));
        let mut missing = Vec::new();
        for resource in apart {
            let ask = |namespace: String| async move {
                let may = self.client.may_list(resource, Some(&namespace)).await?;
                Ok::<_, SourceError>((!may).then_some(namespace))
            };
            let asked = stream::iter(namespaces.clone()).map(ask).buffered(LOOKS_AT_ONCE).try_collect::<Vec<_>>();
            let hidden: Vec<String> = asked.await?.into_iter().flatten().collect();
            if let Some(first) = hidden.first() {
                let (few, all, plural) = (hidden.len(), namespaces.len(), resource.plural());
                missing.push(format!("the token may not list {plural} in {few} of {all} namespaces, such as {first}"));
            }
        }
        Ok(missing)
    }
}

fn is_forbidden(served: &Served<Listing>) -> bool {
    matches!(served.value.as_deref(), Some(Listing::Forbidden))
}
