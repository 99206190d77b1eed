//! What runs on OpenShift, and what belongs to it.

use schema::{BuildRecord, NotReadyRecord, PodSummary, RouteRecord, SourceKind, WorkloadEventRecord};
use sources::{
    Sources,
    cache::Access,
    openshift::{FoundWorkloads, Selection, WorkloadKey, WorkloadPlace},
};

use super::{LiveKey, LiveOutcomes};

impl LiveKey for Selection {
    type Record = FoundWorkloads;
    const SOURCE: SourceKind = SourceKind::Openshift;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.openshift() {
            Some(openshift) => openshift.workloads_by_selections(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

impl LiveKey for WorkloadPlace {
    type Record = WorkloadKey;
    const SOURCE: SourceKind = SourceKind::Openshift;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.openshift() {
            Some(openshift) => openshift.workloads_by_places(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

/// Writes the key of something that belongs to a workload.
macro_rules! of_workload {
    ($(#[doc = $doc:literal] $key:ident => $record:ty, $read:ident;)*) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $key(pub WorkloadKey);

        impl LiveKey for $key {
            type Record = $record;
            const SOURCE: SourceKind = SourceKind::Openshift;

            async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
                let Some(openshift) = sources.openshift() else { return LiveOutcomes::<Self>::new() };
                let workloads: Vec<WorkloadKey> = keys.iter().map(|key| key.0.clone()).collect();
                let outcomes = openshift.$read(&workloads, access).await;
                outcomes.into_iter().map(|(key, outcome)| (Self(key), outcome)).collect()
            }
        }
    )*};
}

of_workload! {
    /// Its pods, counted.
    PodsKey => PodSummary, pods_by_workloads;
    /// The routes that lead to it.
    RoutesKey => Vec<RouteRecord>, routes_by_workloads;
    /// The newest build of its image.
    BuildKey => BuildRecord, builds_by_workloads;
    /// What was lately reported of it.
    EventsKey => Vec<WorkloadEventRecord>, events_by_workloads;
    /// Why it is not ready.
    NotReadyKey => NotReadyRecord, not_ready_by_workloads;
}
