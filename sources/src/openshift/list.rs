//! `Listing`: what is kept of one list. Sorted by namespace and name, so that a namespace is found without a search.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};

use super::{
    build::Build,
    event::Event,
    network::{Route, Service},
    pod::Pod,
    replica_set::ReplicaSet,
    workload::Workload,
};

/// One list of a cluster.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Listing {
    /// The token may not read there.
    Forbidden,
    Workloads(WorkloadList),
    ReplicaSets(List<ReplicaSet>),
    Pods(List<Pod>),
    Services(List<Service>),
    Events(List<Event>),
    Routes(List<Route>),
    Builds(List<Build>),
    /// Names of namespaces.
    Projects(Vec<String>),
}

/// Something in a namespace.
pub(super) trait Placed {
    /// Its namespace and its name.
    fn place(&self) -> (&str, &str);
}

/// Objects in the order of their places.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct List<T>(Vec<Arc<T>>);

impl<T: Placed> List<T> {
    pub(super) fn new(mut items: Vec<T>) -> Self {
        items.sort_by(|one, other| one.place().cmp(&other.place()));
        Self(items.into_iter().map(Arc::new).collect())
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Arc<T>] {
        &self.0
    }

    /// Those of one namespace.
    pub(super) fn in_namespace(&self, namespace: &str) -> &[Arc<T>] {
        let start = self.0.partition_point(|item| item.place().0 < namespace);
        let end = self.0.partition_point(|item| item.place().0 <= namespace);
        self.0.get(start..end).unwrap_or_default()
    }
}

/// Workloads, also by the label that names a component: without it each component would look at every workload.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WorkloadList {
    list: List<Workload>,
    #[serde(skip)]
    by_id: OnceLock<HashMap<String, Vec<Arc<Workload>>>>,
}

impl WorkloadList {
    pub(super) fn new(items: Vec<Workload>) -> Self {
        Self { list: List::new(items), by_id: OnceLock::new() }
    }

    pub(super) fn list(&self) -> &List<Workload> {
        &self.list
    }

    /// Those with this value of `label`, which is the same each time.
    pub(super) fn with_id(&self, label: &str, value: &str) -> &[Arc<Workload>] {
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id: HashMap<String, Vec<Arc<Workload>>> = HashMap::new();
            for workload in self.list.all() {
                if let Some(id) = workload.labels.get(label) {
                    by_id.entry(id.clone()).or_default().push(Arc::clone(workload));
                }
            }
            by_id
        });
        by_id.get(value).map(Vec::as_slice).unwrap_or_default()
    }
}
