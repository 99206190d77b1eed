//! Watches clusters in the background, each by one replica at a time.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use sources::{
    SourceError,
    openshift::{ClusterWatch, WatchedInto},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{App, sync_worker::renew};

/// How often it is looked whether a cluster is free that another replica watches: with `watch.lease`, how soon it is taken over.
const POLL: Duration = Duration::from_secs(1);

/// Watches until the gateway ends.
pub async fn run(app: Arc<App>, ended: watch::Receiver<bool>) {
    let Some(openshift) = app.sources.openshift().filter(|_| app.config.watch.enabled) else { return };
    // One name for this replica, whatever it watches.
    let holder = Uuid::new_v4();
    let clusters = openshift.watches(&app.config.watch);
    join_all(clusters.map(|cluster| keep(&app, cluster, holder, ended.clone()))).await;
}

async fn keep(app: &App, cluster: ClusterWatch<'_>, holder: Uuid, mut ended: watch::Receiver<bool>) {
    let leads = metrics::gauge!("weft_watch_leads", "source" => cluster.name().to_owned());
    leads.set(0.0);
    loop {
        let held = async {
            if let Err(error) = hold(app, &cluster, holder, &leads).await {
                tracing::warn!(source = cluster.name(), error = error.chain(), "it cannot be told who watches");
            }
            tokio::time::sleep(POLL).await;
        };
        let is_over = tokio::select! {
            () = held => false,
            _ = ended.changed() => true,
        };
        leads.set(0.0);
        if is_over {
            give_back(app, &cluster, holder).await;
            return;
        }
    }
}

/// Watches for as long as this replica may.
async fn hold(app: &App, cluster: &ClusterWatch<'_>, holder: Uuid, leads: &metrics::Gauge) -> Result<(), SourceError> {
    let (config, database) = (&app.config, app.sources.database());
    let Some(lease) = database.sync_lease(&lease_of(cluster), holder, config.watch.lease).await? else { return Ok(()) };
    leads.set(1.0);
    let into = WatchedInto { database, rules: &config.delivery, history: config.sync.history };
    tokio::select! {
        () = cluster.run(into) => {}
        () = renew(database, &lease, holder, config.watch.lease) => {
            tracing::info!(source = cluster.name(), "another replica watches this cluster now");
        }
    }
    leads.set(0.0);
    Ok(())
}

/// Else the next one would wait for the end of the lease.
async fn give_back(app: &App, cluster: &ClusterWatch<'_>, holder: Uuid) {
    let database = app.sources.database();
    let released = async {
        match database.sync_lease(&lease_of(cluster), holder, app.config.watch.lease).await? {
            Some(lease) => database.sync_release(&lease).await,
            None => Ok(()),
        }
    };
    if let Err(error) = released.await {
        tracing::warn!(source = cluster.name(), error = error.chain(), "a watch could not be handed over");
    }
}

/// Apart from the cluster's own lease, which is for its synchronisation; no source has such a name.
fn lease_of(cluster: &ClusterWatch<'_>) -> String {
    format!("watch:{}", cluster.name())
}
