//! What is near a workload: its pods, routes, builds and events, and why it is not ready. Each is one or two lists of a cluster,
//! whatever the number of workloads.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use schema::{BuildRecord, NotReadyRecord, PodSummary, RouteRecord, WorkloadEventRecord};

use super::{
    Openshift, WorkloadKey,
    build::Build,
    cluster::{Lists, Want},
    event::Event,
    list::{List, Listing, Placed},
    look::{Age, Looked, Outcome, Wants},
    network::{Route, Service},
    pod::{Pod, summary},
    resource::Resource,
    trouble::{self, Verdict},
};
use crate::{SourceError, cache::Access};

/// Most routes and most events of one workload.
const SHOWN_MAX: usize = 20;

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

impl Looked {
    /// The list of a kind of objects in a workload's namespace.
    fn near(&self, key: &WorkloadKey, resource: Resource) -> Result<Option<Near<'_>>, SourceError> {
        match self.of(&key.workload.record.cluster, &near(key, resource)) {
            Some(Ok(lists)) => Ok(Some(Near(lists))),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(None),
        }
    }
}

impl Openshift {
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
            events.sort_by_key(|event| Reverse(event.record.last_seen_at));
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
