//! From the key of a list to what is kept of it: the only place that says which objects become what.

use std::{collections::HashMap, sync::Arc};

use schema::WorkloadKind;

use super::{
    Config,
    build::Build,
    client::{Client, Listed},
    event::Event,
    list::{List, Listing, WorkloadList},
    network::{Route, Service},
    pattern::matches,
    pod::Pod,
    replica_set::ReplicaSet,
    resource::Resource,
    wire,
    workload::Workload,
};
use crate::SourceError;

/// Stands in keys for all namespaces; no name of a namespace holds it.
pub(super) const EVERYWHERE: &str = "*";

/// The key of a list.
pub(super) fn key_of(cluster: &str, resource: Resource, namespace: &str) -> String {
    format!("{}\n{namespace}", tag_of(cluster, resource))
}

/// The tag of a cluster's lists of this kind, over all namespaces.
pub(super) fn tag_of(cluster: &str, resource: Resource) -> String {
    format!("openshift:{cluster}:{}", resource.plural())
}

/// The tag of a key.
pub(super) fn tags_of(key: &str) -> Vec<String> {
    key.split_once('\n').map(|(tag, _)| tag.to_owned()).into_iter().collect()
}

/// Fetches lists by their keys.
pub(super) async fn fetch(
    client: Client,
    config: Arc<Config>,
    keys: Vec<String>,
) -> Result<HashMap<String, Listing>, SourceError> {
    let mut lists = HashMap::new();
    for key in keys {
        let Some((tag, namespace)) = key.split_once('\n') else { continue };
        let plural = tag.rsplit(':').next().unwrap_or_default();
        let Some(resource) = Resource::of_plural(plural) else { continue };
        let namespace = Some(namespace).filter(|namespace| *namespace != EVERYWHERE);
        if let Some(listing) = listing(&client, &config, resource, namespace).await? {
            lists.insert(key, listing);
        }
    }
    Ok(lists)
}

/// One list; none when the cluster has no such kind of objects.
pub(super) async fn listing(
    client: &Client,
    config: &Config,
    resource: Resource,
    within: Option<&str>,
) -> Result<Option<Listing>, SourceError> {
    let cluster = config.name.as_str();
    let placed = |workload: Option<Workload>| {
        let mut workload = workload?;
        workload.record.environment = config.environment(&workload);
        Some(workload)
    };
    Ok(match resource {
        Resource::Workloads(kind) => {
            let found = match kind {
                WorkloadKind::Deployment => {
                    client.list(resource, within, |object| placed(Workload::of_deployment(cluster, object))).await
                }
                WorkloadKind::StatefulSet => {
                    client.list(resource, within, |object| placed(Workload::of_stateful_set(cluster, object))).await
                }
                WorkloadKind::DaemonSet => {
                    client.list(resource, within, |object| placed(Workload::of_daemon_set(cluster, object))).await
                }
                WorkloadKind::DeploymentConfig => {
                    client
                        .list(resource, within, |object| placed(Workload::of_deployment_config(cluster, object)))
                        .await
                }
                WorkloadKind::CronJob => {
                    client.list(resource, within, |object| placed(Workload::of_cron_job(cluster, object))).await
                }
                WorkloadKind::Job => {
                    client.list(resource, within, |object| placed(Workload::of_job(cluster, object))).await
                }
                WorkloadKind::Unknown => Ok(Listed::Missing),
            };
            kept(found?, |items| Listing::Workloads(WorkloadList::new(items)))
        }
        Resource::ReplicaSets => {
            let found = client.list(resource, within, ReplicaSet::of_object).await?;
            kept(found, |items| Listing::ReplicaSets(List::new(items)))
        }
        Resource::Pods => {
            kept(client.list(resource, within, Pod::of_object).await?, |items| Listing::Pods(List::new(items)))
        }
        Resource::Services => {
            kept(client.list(resource, within, Service::of_object).await?, |items| Listing::Services(List::new(items)))
        }
        Resource::Events => {
            kept(client.list(resource, within, Event::of_object).await?, |items| Listing::Events(List::new(items)))
        }
        Resource::Routes => {
            kept(client.list(resource, within, Route::of_object).await?, |items| Listing::Routes(List::new(items)))
        }
        Resource::Builds => {
            kept(client.list(resource, within, Build::of_object).await?, |items| Listing::Builds(List::new(items)))
        }
        Resource::Projects => {
            let name = |project: wire::Project| project.metadata?.name;
            kept(client.list(resource, within, name).await?, Listing::Projects)
        }
    })
}

fn kept<T>(found: Listed<T>, listing: impl FnOnce(Vec<T>) -> Listing) -> Option<Listing> {
    match found {
        Listed::Items(items) => Some(listing(items)),
        Listed::Forbidden => Some(Listing::Forbidden),
        Listed::Missing => None,
    }
}

impl Config {
    /// The environment that a workload belongs to.
    fn environment(&self, workload: &Workload) -> Option<String> {
        let namespace = &workload.record.namespace;
        let of_namespace = self.environments.iter().filter(|(pattern, _)| matches(pattern, namespace));
        // A name is longer than any pattern that means it too, but for the star.
        let nearest =
            of_namespace.max_by_key(|(pattern, _)| (pattern.trim_end_matches('*').len(), !pattern.ends_with('*')));
        let labelled = || workload.labels.get(&self.environment_label).filter(|value| !value.is_empty());
        nearest.map(|(_, environment)| environment).or_else(labelled).cloned()
    }
}
