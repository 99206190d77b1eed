//! From an entity's annotations to what is looked for, and the keys of what was found. Annotations are anybody's text: nothing of
//! them gets into a path unless it has the shape of a name.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use schema::{EntityRecord, Visibility, WorkloadKind};

use super::{
    cluster::Want,
    config::Annotations,
    pattern::{is_name, is_object_name},
    resource::Resource,
    selector::Selector,
    workload::Workload,
};

/// What a component calls its own, as its tenant may read it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection {
    pub(super) tenant: String,
    /// The only namespace to look in; none: all that the tenant may read.
    pub(super) namespace: Option<String>,
    pub(super) by: By,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum By {
    /// The value of the label that names a component.
    Id(String),
    Selector(Selector),
}

impl Selection {
    /// What an entity selects; none when its annotations select nothing, or are no names and selectors.
    pub(super) fn of_entity(annotations: &Annotations, tenant: &str, entity: &EntityRecord) -> Option<Self> {
        Self::of_texts(annotations, tenant, |name| entity.annotation(name))
    }

    /// What these annotations select; none when that is nothing, or they are no names and selectors.
    pub(super) fn of_texts<'a>(
        annotations: &Annotations,
        tenant: &str,
        value: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<Self> {
        let text = |name: &str| value(name).map(str::trim).filter(|text| !text.is_empty());
        let by = match text(&annotations.label_selector) {
            Some(selector) => By::Selector(Selector::read(selector)?),
            None => By::Id(text(&annotations.id)?.to_owned()),
        };
        let namespace = text(&annotations.namespace);
        if namespace.is_some_and(|namespace| !is_name(namespace)) {
            return None;
        }
        Some(Self { tenant: tenant.to_owned(), namespace: namespace.map(str::to_owned), by })
    }

    /// Whether it means this workload; `label` is the one that names a component.
    pub(super) fn means(&self, workload: &Workload, label: &str) -> bool {
        let is_within = self.namespace.as_ref().is_none_or(|namespace| *namespace == workload.record.namespace);
        is_within
            && match &self.by {
                By::Id(id) => workload.labels.get(label) == Some(id),
                By::Selector(selector) => selector.matches(&workload.labels),
            }
    }
}

/// Where a workload may be, as the caller of a tenant names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkloadPlace {
    pub(super) tenant: String,
    pub(super) cluster: String,
    pub(super) namespace: String,
    pub(super) kind: WorkloadKind,
    pub(super) name: String,
}

impl WorkloadPlace {
    /// Reads `cluster/namespace/kind/name`; none when it cannot be a place.
    pub fn read(visibility: &Visibility, text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (cluster, namespace) = (parts.next()?, parts.next()?);
        let (kind, name) = (WorkloadKind::read(parts.next()?)?, parts.next()?);
        let is_place = is_name(cluster) && is_name(namespace) && is_object_name(name) && parts.next().is_none();
        is_place.then(|| Self {
            tenant: visibility.tenant.clone(),
            cluster: cluster.to_owned(),
            namespace: namespace.to_owned(),
            kind,
            name: name.to_owned(),
        })
    }

    /// Where it is listed.
    pub(super) fn want(&self) -> Want {
        (Resource::Workloads(self.kind), Some(self.namespace.clone()))
    }
}

/// A workload that a caller of this tenant was shown: leads to its pods, routes, builds and events. Two are the same when they
/// have the same place.
#[derive(Debug, Clone)]
pub struct WorkloadKey {
    pub(super) tenant: Arc<str>,
    pub(super) workload: Arc<Workload>,
}

impl WorkloadKey {
    /// The workload.
    pub fn workload(&self) -> &Workload {
        &self.workload
    }

    /// Where it stands in the order of workloads: cluster, namespace, name, kind.
    pub fn place(&self) -> [&str; 4] {
        let record = &self.workload.record;
        [&record.cluster, &record.namespace, &record.name, record.kind.as_str()]
    }
}

impl PartialEq for WorkloadKey {
    fn eq(&self, other: &Self) -> bool {
        self.tenant == other.tenant && self.place() == other.place()
    }
}

impl Eq for WorkloadKey {}

impl Hash for WorkloadKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.tenant.hash(state);
        self.place().hash(state);
    }
}
