//! Watches: what a cluster tells by itself, one watch for each kind of objects.
//!
//! What is told is a hint. The lists of its kind are forgotten on every replica, and the rollouts of a Deployment that changed are read
//! from the cluster and written as every synchronisation does. `follow` keeps one watch up and says how it goes on, `hints` holds what
//! waits, `rereading` reads it. Of the objects nothing but names and versions is kept.

mod config;
mod follow;
mod hints;
mod known;
mod lines;
mod rereading;
mod target;
mod tell;
mod wire;

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep_until};

use super::cluster::Cluster;
use crate::{Connector, ingest::DeliveryRules, postgres::Database};
use follow::Follow;
use hints::Hints;
use target::Target;

pub use config::WatchConfig;

/// Where what a watch leads to is written.
#[derive(Clone, Copy)]
pub struct WatchedInto<'a> {
    /// The tables of deployments.
    pub database: &'a Database,
    /// Which deployments needed a remedy.
    pub rules: &'a DeliveryRules,
    /// How far back rollouts are of interest.
    pub history: Duration,
}

/// The watches of one cluster.
pub struct ClusterWatch<'a> {
    cluster: &'a Cluster,
    config: &'a WatchConfig,
}

impl<'a> ClusterWatch<'a> {
    pub(super) fn new(cluster: &'a Cluster, config: &'a WatchConfig) -> Self {
        Self { cluster, config }
    }

    /// The name of the cluster.
    pub fn name(&self) -> &'a str {
        self.cluster.name()
    }

    /// Watches until it is dropped. It begins with a reading of the whole cluster: what happened while nobody watched is in it.
    pub async fn run(&self, into: WatchedInto<'_>) {
        let (cluster, config) = (self.cluster, self.config);
        let source = Connector::name(cluster);
        let hints = Hints::new(config.waiting_max, config.forget_every);
        let (targets, too_many) = Target::of(&cluster.config, config.watches_max);
        metrics::gauge!("weft_watch_left_out", "source" => source.to_owned()).set(too_many as f64);
        if too_many > 0 {
            tracing::warn!(source, too_many, "more is to be watched than `watch.watches_max` allows; the rest is not");
        }
        let follow = |target| Follow::new(&cluster.client, config, &hints, target, source).run();
        tokio::join!(
            join_all(targets.into_iter().map(follow)),
            rereading::run(cluster, config, &hints, &into),
            forget(cluster, &hints),
        );
    }
}

/// Has lists forgotten until it is dropped.
async fn forget(cluster: &Cluster, hints: &Hints) {
    loop {
        let (due, next) = hints.due(Instant::now());
        if !due.is_empty() {
            cluster.forget(&due).await;
            continue;
        }
        let pause = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = pause => {}
            () = hints.forgetting.notified() => {}
        }
    }
}
