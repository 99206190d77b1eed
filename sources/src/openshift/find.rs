//! `Openshift`: all clusters, as the graph reads them. Looks for what belongs together in the lists that clusters keep.

use std::{collections::HashMap, sync::Arc};

use schema::{EntityRecord, Visibility, WorkloadKind};

use super::{
    Annotations, Config,
    cluster::Cluster,
    list::Listing,
    look::{Age, Looked, Outcome, Wants},
    resource::Resource,
    selection::{By, Selection, WorkloadKey, WorkloadPlace},
    watch::{ClusterWatch, WatchConfig},
    workload::Workload,
};
use crate::{Clock, Connector, SourceError, cache::Access, connector::Surroundings, sync::DeploymentSource};

/// All clusters. Clones share everything.
#[derive(Clone)]
pub struct Openshift(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// By name.
    pub(super) clusters: Vec<Cluster>,
    annotations: Annotations,
    pub(super) clock: Clock,
}

/// What was found of a selection, by cluster, namespace, name and kind.
#[derive(Debug)]
pub struct FoundWorkloads {
    /// The workloads.
    pub workloads: Vec<WorkloadKey>,
    /// Why there may be more: a list that could hold some is not to be had.
    pub incomplete: Option<SourceError>,
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
            clusters.extend(Cluster::new(config, &annotations, around)?);
        }
        clusters.sort_by(|one, other| one.name().cmp(other.name()));
        let is_there = !clusters.is_empty();
        Ok(is_there.then(|| Self(Arc::new(Inner { clusters, annotations, clock: around.clock.clone() }))))
    }

    /// The clusters, as they are looked after.
    pub fn connectors(&self) -> impl Iterator<Item = &dyn Connector> {
        self.0.clusters.iter().map(|cluster| cluster as &dyn Connector)
    }

    /// The clusters, as deployments are read from them.
    pub fn deployment_sources(&self) -> impl Iterator<Item = &dyn DeploymentSource> {
        self.0.clusters.iter().map(|cluster| cluster as &dyn DeploymentSource)
    }

    /// The clusters that are watched.
    pub fn watches<'a>(&'a self, config: &'a WatchConfig) -> impl Iterator<Item = ClusterWatch<'a>> {
        let watched = self.0.clusters.iter().filter(|cluster| cluster.config.watch);
        watched.map(move |cluster| ClusterWatch::new(cluster, config))
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
}

/// Whether a cluster may hold what is selected, as far as the configuration says.
fn may_look(cluster: &Cluster, selection: &Selection) -> bool {
    match &selection.namespace {
        Some(namespace) => cluster.may_read(&selection.tenant, namespace),
        None => cluster.may_read_any(&selection.tenant),
    }
}
