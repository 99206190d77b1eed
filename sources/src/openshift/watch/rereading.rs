//! Reads the rollouts of what changed and writes them as every synchronisation does, one reading at a time.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt, stream};
use schema::{SourceKind, WorkloadKind, WorkloadRecord};
use tokio::time::{Instant, sleep_until};

use super::{
    WatchConfig, WatchedInto,
    follow::backoff,
    hints::{Hints, Place as WorkloadPlace, Reading},
};
use crate::{
    Connector, SourceError,
    ingest::DeploymentReport,
    openshift::{
        Workload, cluster::Cluster, fetch::listing, list::Listing, resource::Resource, rollout_events::workloads_of,
    },
    sync::{DeploymentSource, Mapped, Part, Place, Reread, Step},
};

/// Changes in more namespaces than these have the cluster read as a whole.
const NAMESPACES_MAX: usize = 8;
/// Lists that are read at once: the cluster's other places are for whoever asks.
const LISTS_AT_ONCE: usize = 2;

const DEPLOYMENTS: Resource = Resource::Workloads(WorkloadKind::Deployment);

/// Reads until it is dropped.
pub(super) async fn run(cluster: &Cluster, config: &WatchConfig, hints: &Hints, into: &WatchedInto<'_>) {
    let source = Connector::name(cluster).to_owned();
    let mut failures = 0;
    loop {
        let Some(reading) = hints.take() else {
            hints.reading.notified().await;
            continue;
        };
        metrics::gauge!("weft_watch_waiting", "source" => source.clone()).set(reading.places.len() as f64);
        let next = Instant::now() + config.reread_every;
        let outcome = match read(cluster, &reading, into).await {
            Ok(_) => {
                failures = 0;
                if let Some(since) = reading.since {
                    metrics::histogram!("weft_watch_lag_seconds", "source" => source.clone())
                        .record(since.elapsed().as_secs_f64());
                }
                sleep_until(next).await;
                if reading.is_whole { "whole" } else { "some" }
            }
            Err(error) => {
                tracing::warn!(source, error = error.chain(), "what a watch told cannot be read; it is tried again");
                // With what comes meanwhile: it waits for the same pause.
                hints.read(reading);
                tokio::time::sleep(backoff(failures, config.retry_max)).await;
                failures = failures.saturating_add(1);
                "failed"
            }
        };
        metrics::counter!("weft_watch_rereads_total", "source" => source.clone(), "outcome" => outcome).increment(1);
    }
}

async fn read(cluster: &Cluster, reading: &Reading, into: &WatchedInto<'_>) -> Result<DeploymentReport, SourceError> {
    let now = cluster.clock.now();
    let since = now - TimeDelta::from_std(into.history).unwrap_or(TimeDelta::zero());
    let reread = Reread { database: into.database, rules: into.rules, since, from: since };
    let namespaces: BTreeSet<&str> = reading.places.iter().map(|(namespace, _)| namespace.as_str()).collect();
    if reading.is_whole || namespaces.len() > NAMESPACES_MAX {
        // The lists that are kept are from before.
        cluster.forget(&[DEPLOYMENTS, Resource::ReplicaSets]).await;
        return reread.run(cluster, "", &|_, _| true).await;
    }
    let changed = Changed::read(cluster, &reading.places, namespaces).await?;
    reread.run(&changed, "", &|_, _| true).await
}

/// A cluster, as far as some of its Deployments go.
struct Changed<'a> {
    cluster: &'a Cluster,
    places: &'a BTreeSet<WorkloadPlace>,
    /// As they are now: what is kept is from before.
    lists: Vec<Listing>,
}

impl<'a> Changed<'a> {
    async fn read(
        cluster: &'a Cluster,
        places: &'a BTreeSet<WorkloadPlace>,
        namespaces: BTreeSet<&str>,
    ) -> Result<Self, SourceError> {
        let wants = namespaces.into_iter().flat_map(|namespace| {
            [DEPLOYMENTS, Resource::ReplicaSets].map(|resource| (resource, namespace.to_owned()))
        });
        let read = |(resource, namespace): (Resource, String)| async move {
            listing(&cluster.client, &cluster.config, resource, Some(&namespace)).await
        };
        let lists: Vec<_> =
            stream::iter(wants.collect::<Vec<_>>()).map(read).buffered(LISTS_AT_ONCE).try_collect().await?;
        Ok(Self { cluster, places, lists: lists.into_iter().flatten().collect() })
    }
}

#[async_trait]
impl DeploymentSource for Changed<'_> {
    fn kind(&self) -> SourceKind {
        SourceKind::Openshift
    }

    fn name(&self) -> &str {
        DeploymentSource::name(self.cluster)
    }

    fn annotations(&self) -> Vec<&str> {
        self.cluster.annotations()
    }

    fn parts(&self, tenant: &str, mapped: &[Mapped]) -> Vec<Part> {
        self.cluster.parts(tenant, mapped)
    }

    fn parts_at_once(&self) -> usize {
        1
    }

    async fn read(&self, part: &Part, place: Place<'_>) -> Result<Step, SourceError> {
        let is_meant = |workload: &&Workload| {
            let WorkloadRecord { namespace, name, .. } = &workload.record;
            self.places.contains(&(namespace.clone(), name.clone()))
        };
        let deployments = self.lists.iter().flat_map(workloads_of).filter(is_meant);
        let events = self.cluster.rollouts(part, place.since, deployments, self.lists.iter());
        Ok(Step { events, read_to: None, has_more: false, cursor: None })
    }
}
