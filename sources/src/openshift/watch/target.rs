//! `Target`: what one watch is about.

use schema::WorkloadKind;

use super::super::{Config, resource::Resource};

/// A kind of objects, in one namespace or everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) resource: Resource,
    pub(super) namespace: Option<String>,
}

impl Target {
    /// What is watched of a cluster, and how much of it is not, beyond `watches_max`. Rollouts come first: they are what is lost else
    /// until the next synchronisation. Pods are not watched: they change all the time, and what is told of workloads stands in
    /// the workloads.
    pub(super) fn of(config: &Config, watches_max: usize) -> (Vec<Self>, usize) {
        let rollouts = [Resource::Workloads(WorkloadKind::Deployment), Resource::ReplicaSets];
        let others = WorkloadKind::KNOWN.into_iter().filter(|kind| *kind != WorkloadKind::Deployment);
        let kinds = rollouts.into_iter().chain(others.map(Resource::Workloads));
        let namespaces: Vec<Option<String>> = match config.namespaces.as_slice() {
            [] => vec![None],
            names => names.iter().cloned().map(Some).collect(),
        };
        let mut all: Vec<Self> = Vec::new();
        for resource in kinds {
            all.extend(namespaces.iter().map(|namespace| Self { resource, namespace: namespace.clone() }));
        }
        let too_many = all.len().saturating_sub(watches_max);
        all.truncate(watches_max);
        (all, too_many)
    }

    /// Where it is, in words.
    pub(super) fn place(&self) -> &str {
        self.namespace.as_deref().unwrap_or("all namespaces")
    }
}

/// Whether rollouts are made of it.
pub(super) fn tells_rollouts(resource: Resource) -> bool {
    matches!(resource, Resource::ReplicaSets | Resource::Workloads(WorkloadKind::Deployment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_watched_once_for_each_namespace_that_is_named_within_the_bound() {
        let config = |namespaces: &[&str]| -> Config {
            serde_json::from_value(serde_json::json!({ "name": "west", "namespaces": namespaces })).unwrap()
        };
        let (all, too_many) = Target::of(&config(&[]), 100);
        assert_eq!((all.len(), too_many), (7, 0));
        assert!(all.iter().all(|target| target.namespace.is_none()));
        assert_eq!(Target::of(&config(&["a", "b"]), 14), Target::of(&config(&["a", "b"]), 100));
        let (few, too_many) = Target::of(&config(&["a", "b"]), 4);
        assert_eq!(too_many, 10);
        assert!(few.iter().all(|target| tells_rollouts(target.resource)), "{few:?}");
    }
}
