//! `Openshift`: all clusters, as the graph reads them. Looks for what belongs together in the lists that clusters keep.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::future::join_all;
use schema::{
    BuildRecord, EntityRecord, NotReadyRecord, PodSummary, RouteRecord, Visibility, WorkloadEventRecord, WorkloadKind,
};

use super::{
    Annotations, Config,
    build::Build,
    cluster::{Cluster, Lists, Want},
    event::Event,
    list::{List, Listing, Placed},
    network::{Route, Service},
    pod::{Pod, summary},
    resource::Resource,
    selection::{By, Selection, WorkloadKey, WorkloadPlace},
    trouble::{self, Verdict},
    workload::Workload,
};
use crate::{
    Clock, Connector, SourceError,
    cache::{Access, Layer, Served},
    connector::Surroundings,
};

/// Most routes and most events of one workload.
const SHOWN_MAX: usize = 20;

/// All clusters. Clones share everything.
#[derive(Clone)]
pub struct Openshift(Arc<Inner>);

struct Inner {
    /// By name.
    clusters: Vec<Cluster>,
    annotations: Annotations,
    clock: Clock,
}

/// What was found of a selection, by cluster, namespace, name and kind.
#[derive(Debug)]
pub struct FoundWorkloads {
    /// The workloads.
    pub workloads: Vec<WorkloadKey>,
    /// Why there may be more: a list that could hold some is not to be had.
    pub incomplete: Option<SourceError>,
}

type Outcome<T> = Result<Served<T>, SourceError>;
/// By cluster, what was wanted of it.
type Wants<'a> = HashMap<&'a str, BTreeSet<Want>>;

/// The lists of all clusters that were asked for something.
struct Looked(HashMap<String, HashMap<Want, Result<Lists, SourceError>>>);

impl Looked {
    fn of(&self, cluster: &str, want: &Want) -> Option<&Result<Lists, SourceError>> {
        self.0.get(cluster)?.get(want)
    }

    /// The list of a kind of objects in a workload's namespace.
    fn near(&self, key: &WorkloadKey, resource: Resource) -> Result<Option<Near<'_>>, SourceError> {
        match self.of(&key.workload.record.cluster, &near(key, resource)) {
            Some(Ok(lists)) => Ok(Some(Near(lists))),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(None),
        }
    }
}

/// Lists that hold what is near a workload.
struct Near<'a>(&'a Lists);

impl<'a> Near<'a> {
    /// The objects of the workload's namespace, as `pick` finds them in a listing.
    fn items<T: Placed + 'a>(
        &self,
        key: &WorkloadKey,
        pick: impl Fn(&'a Listing) -> Option<&'a List<T>>,
    ) -> impl Iterator<Item = &'a T> {
        let namespace = key.workload.record.namespace.clone();
        let lists = self.0.parts().filter_map(pick);
        lists.flat_map(move |list| list.in_namespace(&namespace)).map(|item| &**item)
    }
}

/// Where something near a workload is listed.
fn near(key: &WorkloadKey, resource: Resource) -> Want {
    (resource, Some(key.workload.record.namespace.clone()))
}

/// What an answer rests on: as old as the oldest list.
struct Age {
    now: DateTime<Utc>,
    fetched_at: DateTime<Utc>,
    layer: Layer,
    stale_age: Option<Duration>,
}

impl Age {
    fn new(now: DateTime<Utc>) -> Self {
        Self { now, fetched_at: now, layer: Layer::Memory, stale_age: None }
    }

    fn add(&mut self, lists: &Lists) {
        if lists.fetched_at <= self.fetched_at {
            (self.fetched_at, self.layer) = (lists.fetched_at, lists.layer);
        }
        self.stale_age = self.stale_age.max(lists.stale_age);
    }

    fn served<T>(self, value: Option<T>) -> Served<T> {
        Served {
            value: value.map(Arc::new),
            fetched_at: self.fetched_at,
            age: (self.now - self.fetched_at).to_std().unwrap_or_default(),
            layer: self.layer,
            stale_age: self.stale_age,
        }
    }
}

impl Openshift {
    /// Prepares all clusters; none when none is configured and switched on.
    pub fn new(
        configs: Vec<Config>,
        annotations: Annotations,
        around: Surroundings<'_>,
    ) -> Result<Option<Self>, SourceError> {
        let mut clusters = Vec::new();
        for config in configs {
            clusters.extend(Cluster::new(config, around)?);
        }
        clusters.sort_by(|one, other| one.name().cmp(other.name()));
        let is_there = !clusters.is_empty();
        Ok(is_there.then(|| Self(Arc::new(Inner { clusters, annotations, clock: around.clock.clone() }))))
    }

    /// The clusters, as they are looked after.
    pub fn connectors(&self) -> impl Iterator<Item = &dyn Connector> {
        self.0.clusters.iter().map(|cluster| cluster as &dyn Connector)
    }

    /// The annotations by which entities name what runs of them.
    pub fn annotations(&self) -> &Annotations {
        &self.0.annotations
    }

    /// What an entity selects; none without annotations that select something.
    pub fn selection(&self, visibility: &Visibility, entity: &EntityRecord) -> Option<Selection> {
        Selection::of_entity(&self.0.annotations, &visibility.tenant, entity)
    }

    /// The value of the label by which a workload names its component.
    pub fn component_id<'a>(&self, key: &'a WorkloadKey) -> Option<&'a str> {
        key.workload.labels.get(&self.0.annotations.id).map(String::as_str)
    }

    /// Whether a selection means this workload.
    pub fn means(&self, selection: &Selection, key: &WorkloadKey) -> bool {
        selection.means(&key.workload, &self.0.annotations.id)
    }

    /// One outcome for each selection. Lists that are not to be had are an error where nothing was found: what is not known
    /// is never shown as empty.
    pub async fn workloads_by_selections(
        &self,
        selections: &[Selection],
        access: &Access,
    ) -> HashMap<Selection, Outcome<FoundWorkloads>> {
        let mut wants = Wants::new();
        for cluster in &self.0.clusters {
            for selection in selections.iter().filter(|selection| may_look(cluster, selection)) {
                let kinds = WorkloadKind::KNOWN.into_iter().map(Resource::Workloads);
                let wanted = kinds.map(|resource| (resource, selection.namespace.clone()));
                wants.entry(cluster.name()).or_default().extend(wanted);
            }
        }
        let looked = self.look(wants, access).await;
        selections.iter().map(|selection| (selection.clone(), self.found(selection, &looked))).collect()
    }

    fn found(&self, selection: &Selection, looked: &Looked) -> Outcome<FoundWorkloads> {
        let tenant: Arc<str> = selection.tenant.as_str().into();
        let mut age = Age::new(self.0.clock.now());
        let (mut workloads, mut incomplete) = (Vec::new(), None);
        for cluster in self.0.clusters.iter().filter(|cluster| may_look(cluster, selection)) {
            for kind in WorkloadKind::KNOWN {
                let want = (Resource::Workloads(kind), selection.namespace.clone());
                let lists = match looked.of(cluster.name(), &want) {
                    Some(Ok(lists)) => lists,
                    Some(Err(error)) => {
                        incomplete = Some(error.clone());
                        continue;
                    }
                    None => continue,
                };
                age.add(lists);
                let meant = lists.parts().flat_map(|listing| self.meant(selection, listing));
                let visible = meant.filter(|workload| cluster.may_read(&selection.tenant, &workload.record.namespace));
                workloads.extend(
                    visible.map(|workload| WorkloadKey { tenant: Arc::clone(&tenant), workload: Arc::clone(workload) }),
                );
            }
        }
        match incomplete {
            Some(error) if workloads.is_empty() => Err(error),
            incomplete => {
                workloads.sort_by(|one, other| one.place().cmp(&other.place()));
                Ok(age.served(Some(FoundWorkloads { workloads, incomplete })))
            }
        }
    }

    /// What a selection means in a list.
    fn meant<'a>(&self, selection: &Selection, listing: &'a Listing) -> Vec<&'a Arc<Workload>> {
        let Listing::Workloads(list) = listing else { return Vec::new() };
        let label = &self.0.annotations.id;
        let candidates = match (&selection.by, &selection.namespace) {
            (By::Id(id), _) => list.with_id(label, id),
            (By::Selector(_), Some(namespace)) => list.list().in_namespace(namespace),
            (By::Selector(_), None) => list.list().all(),
        };
        candidates.iter().filter(|workload| selection.means(workload, label)).collect()
    }

    /// One outcome for each place; nothing where the tenant may not read.
    pub async fn workloads_by_places(
        &self,
        places: &[WorkloadPlace],
        access: &Access,
    ) -> HashMap<WorkloadPlace, Outcome<WorkloadKey>> {
        let mut wants = Wants::new();
        for place in places.iter().filter(|place| self.may_look_at(place)) {
            wants.entry(place.cluster.as_str()).or_default().insert(place.want());
        }
        let looked = self.look(wants, access).await;
        let outcome = |place: &WorkloadPlace| {
            let mut age = Age::new(self.0.clock.now());
            let Some(lists) = looked.of(&place.cluster, &place.want()) else { return Ok(age.served(None)) };
            let lists = lists.as_ref().map_err(Clone::clone)?;
            age.add(lists);
            let all = lists.parts().filter_map(|listing| match listing {
                Listing::Workloads(list) => Some(list.list().in_namespace(&place.namespace)),
                _ => None,
            });
            let found = all.flatten().find(|workload| workload.record.name == place.name);
            let tenant = place.tenant.as_str().into();
            Ok(age.served(found.map(|workload| WorkloadKey { tenant, workload: Arc::clone(workload) })))
        };
        places.iter().map(|place| (place.clone(), outcome(place))).collect()
    }

    fn may_look_at(&self, place: &WorkloadPlace) -> bool {
        let cluster = self.0.clusters.iter().find(|cluster| cluster.name() == place.cluster);
        cluster.is_some_and(|cluster| cluster.may_read(&place.tenant, &place.namespace))
    }

    /// The pods of each workload, counted; none where the token may not read them.
    pub async fn pods_by_workloads(
        &self,
        keys: &[WorkloadKey],
        access: &Access,
    ) -> HashMap<WorkloadKey, Outcome<PodSummary>> {
        let looked = self.look_near(keys, &[Resource::Pods], access).await;
        self.each(keys, |key, age| {
            let Some(near) = readable(&looked, key, Resource::Pods, age)? else { return Ok(None) };
            Ok(Some(summary(pods_of(&near, key).into_iter())))
        })
    }

    /// The routes to each workload; none where the token may not read them. A cluster without routes has none.
    pub async fn routes_by_workloads(
        &self,
        keys: &[WorkloadKey],
        access: &Access,
    ) -> HashMap<WorkloadKey, Outcome<Vec<RouteRecord>>> {
        let looked = self.look_near(keys, &[Resource::Routes, Resource::Services], access).await;
        self.each(keys, |key, age| {
            let Some(routes) = readable(&looked, key, Resource::Routes, age)? else { return Ok(None) };
            let Some(services) = readable(&looked, key, Resource::Services, age)? else { return Ok(None) };
            let services = services.items(key, |listing| match listing {
                Listing::Services(list) => Some(list),
                _ => None,
            });
            let names: Vec<&str> =
                services.filter(|service| service.leads_to(&key.workload)).map(Service::name).collect();
            let routes = routes.items(key, |listing| match listing {
                Listing::Routes(list) => Some(list),
                _ => None,
            });
            let leads = |route: &&Route| names.iter().any(|name| route.leads_to(name));
            Ok(Some(routes.filter(leads).take(SHOWN_MAX).map(|route| route.record.clone()).collect()))
        })
    }

    /// The newest build of each workload's image; none where nothing builds it, or where the token may not read builds.
    pub async fn builds_by_workloads(
        &self,
        keys: &[WorkloadKey],
        access: &Access,
    ) -> HashMap<WorkloadKey, Outcome<BuildRecord>> {
        let looked = self.look_near(keys, &[Resource::Builds], access).await;
        let now = self.0.clock.now();
        self.each(keys, |key, age| {
            let Some(Near(lists)) = readable(&looked, key, Resource::Builds, age)? else { return Ok(None) };
            let record = &key.workload.record;
            let cluster = self.0.clusters.iter().find(|cluster| cluster.name() == record.cluster);
            // Images are often built in another namespace than they run in.
            let all = lists.parts().filter_map(|listing| match listing {
                Listing::Builds(list) => Some(list.all()),
                _ => None,
            });
            let may_read =
                |build: &&Arc<Build>| cluster.is_some_and(|cluster| cluster.may_read(&key.tenant, build.place().0));
            let own = all.flatten().filter(may_read).filter(|build| build.is_of(&key.workload));
            Ok(own.max_by_key(|build| build.created_at).map(|build| build.record(now)))
        })
    }

    /// What was lately reported of each workload, newest first; none where the token may not read it.
    pub async fn events_by_workloads(
        &self,
        keys: &[WorkloadKey],
        access: &Access,
    ) -> HashMap<WorkloadKey, Outcome<Vec<WorkloadEventRecord>>> {
        let looked = self.look_near(keys, &[Resource::Events], access).await;
        self.each(keys, |key, age| {
            let Some(near) = readable(&looked, key, Resource::Events, age)? else { return Ok(None) };
            let mut events = events_of(&near, key);
            events.sort_by(|one, other| other.record.last_seen_at.cmp(&one.record.last_seen_at));
            Ok(Some(events.into_iter().take(SHOWN_MAX).map(|event| event.record.clone()).collect()))
        })
    }

    /// Why each workload is not ready; none when it is, or when nothing says why. Pods are read for those that are not ready
    /// only, and events for those whose pods do not say it.
    pub async fn not_ready_by_workloads(
        &self,
        keys: &[WorkloadKey],
        access: &Access,
    ) -> HashMap<WorkloadKey, Outcome<NotReadyRecord>> {
        let now = self.0.clock.now();
        let unsettled: Vec<WorkloadKey> = keys.iter().filter(|key| !key.workload.is_settled()).cloned().collect();
        let pods = self.look_near(&unsettled, &[Resource::Pods], access).await;
        let verdict = |key: &WorkloadKey, age: &mut Age| {
            let near = readable(&pods, key, Resource::Pods, age)?;
            let pods = near.as_ref().map(|near| pods_of(near, key)).unwrap_or_default();
            Ok::<_, SourceError>(trouble::of_pods(&key.workload, &pods, now))
        };
        let is_open = |key: &&WorkloadKey| matches!(verdict(key, &mut Age::new(now)), Ok(Verdict::AskEvents(_)));
        let open: Vec<WorkloadKey> = unsettled.iter().filter(is_open).cloned().collect();
        let events = self.look_near(&open, &[Resource::Events], access).await;
        self.each(keys, |key, age| {
            if key.workload.is_settled() {
                return Ok(None);
            }
            let fallback = match verdict(key, age)? {
                Verdict::Known(found) => return Ok(Some(found)),
                Verdict::NothingWrong => return Ok(None),
                Verdict::AskEvents(fallback) => fallback,
            };
            let near = readable(&events, key, Resource::Events, age)?;
            let events = near.as_ref().map(|near| events_of(near, key)).unwrap_or_default();
            Ok(trouble::of_events(&events, now).or(fallback))
        })
    }

    /// One outcome for each key.
    fn each<T>(
        &self,
        keys: &[WorkloadKey],
        find: impl Fn(&WorkloadKey, &mut Age) -> Result<Option<T>, SourceError>,
    ) -> HashMap<WorkloadKey, Outcome<T>> {
        let now = self.0.clock.now();
        let outcome = |key: &WorkloadKey| {
            let mut age = Age::new(now);
            let found = find(key, &mut age)?;
            Ok(age.served(found))
        };
        keys.iter().map(|key| (key.clone(), outcome(key))).collect()
    }

    async fn look_near(&self, keys: &[WorkloadKey], resources: &[Resource], access: &Access) -> Looked {
        let mut wants = Wants::new();
        for key in keys {
            let wanted = resources.iter().map(|resource| near(key, *resource));
            wants.entry(key.workload.record.cluster.as_str()).or_default().extend(wanted);
        }
        self.look(wants, access).await
    }

    /// Asks all clusters at the same time.
    async fn look(&self, wants: Wants<'_>, access: &Access) -> Looked {
        let now = self.0.clock.now();
        let asked = self.0.clusters.iter().filter_map(|cluster| {
            let wants = wants.get(cluster.name())?;
            Some(async move { (cluster.name().to_owned(), cluster.lists(wants, access, now).await) })
        });
        Looked(join_all(asked).await.into_iter().collect())
    }
}

/// Whether a cluster may hold what is selected, as far as the configuration says.
fn may_look(cluster: &Cluster, selection: &Selection) -> bool {
    match &selection.namespace {
        Some(namespace) => cluster.may_read(&selection.tenant, namespace),
        None => cluster.may_read_any(&selection.tenant),
    }
}

/// The list near a workload; none where the token may not read it.
fn readable<'a>(
    looked: &'a Looked,
    key: &WorkloadKey,
    resource: Resource,
    age: &mut Age,
) -> Result<Option<Near<'a>>, SourceError> {
    let near = looked.near(key, resource)?;
    if let Some(Near(lists)) = &near {
        age.add(lists);
    }
    Ok(near.filter(|Near(lists)| !lists.is_forbidden))
}

fn pods_of<'a>(near: &Near<'a>, key: &WorkloadKey) -> Vec<&'a Pod> {
    let pods = near.items(key, |listing| match listing {
        Listing::Pods(list) => Some(list),
        _ => None,
    });
    pods.filter(|pod| pod.belongs_to(&key.workload)).collect()
}

fn events_of<'a>(near: &Near<'a>, key: &WorkloadKey) -> Vec<&'a Event> {
    let events = near.items(key, |listing| match listing {
        Listing::Events(list) => Some(list),
        _ => None,
    });
    events.filter(|event| event.is_about(&key.workload)).collect()
}
