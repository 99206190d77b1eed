//! Follows what is published: composed at the start, and again whenever it is another version. What is served stays while the
//! database is away, and when what is published cannot be composed.

use std::{sync::Arc, time::Duration};

use sources::{
    SourceError,
    postgres::SubgraphSet,
    subgraph::{SharedSubgraph, Subgraph},
};
use tokio::sync::watch;
use url::Url;

use super::{Supergraph, compose};
use crate::App;

/// How long a start waits for it. Without it the gateway serves its own schema.
const START_WAIT: Duration = Duration::from_secs(5);

/// Composes once, before anybody is served.
pub async fn load(app: &Arc<App>) {
    if !app.config.federation.enabled {
        return;
    }
    match tokio::time::timeout(START_WAIT, look(app, &mut 0)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = error.chain(), "published subgraphs cannot be read yet"),
        Err(_) => tracing::warn!("published subgraphs cannot be read yet: the database does not answer"),
    }
}

/// Looks until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    if !app.config.federation.enabled {
        return;
    }
    let mut has_failed = false;
    let mut looked_at = app.federation.current().map_or(0, |supergraph| supergraph.version);
    loop {
        tokio::select! {
            () = tokio::time::sleep(app.config.federation.refresh_interval) => {}
            _ = ended.changed() => return,
        }
        let outcome = tokio::select! {
            outcome = look(&app, &mut looked_at) => outcome,
            _ = ended.changed() => return,
        };
        match outcome {
            Ok(()) => has_failed = false,
            // Once, not every second.
            Err(error) if !std::mem::replace(&mut has_failed, true) => {
                tracing::warn!(error = error.chain(), "published subgraphs cannot be read: those that are known stay");
            }
            Err(_) => {}
        }
    }
}

/// Looks whether there is another version, and composes it. `looked_at` is the version that was composed last, or could not be.
async fn look(app: &Arc<App>, looked_at: &mut i64) -> Result<(), SourceError> {
    let database = app.sources.database();
    let version = database.supergraph_version().await?;
    if version == *looked_at {
        return Ok(());
    }
    let set = database.subgraphs().await?;
    let version = set.version;
    let started = std::time::Instant::now();
    match made(app, set).await {
        Ok(supergraph) => {
            let subgraphs: Vec<SharedSubgraph> =
                supergraph.iter().flat_map(|supergraph| supergraph.subgraphs().cloned()).collect();
            let count = subgraphs.len();
            metrics::gauge!("weft_federation_subgraphs").set(count as f64);
            metrics::gauge!("weft_federation_version").set(version as f64);
            app.sources.subgraphs().set(subgraphs);
            app.federation.set(supergraph.map(Arc::new));
            let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(version, subgraphs = count, took_ms, "the graph is composed");
        }
        Err(reasons) => {
            metrics::counter!("weft_federation_refused_total").increment(1);
            tracing::error!(version, reasons, "what is published cannot be composed: the graph stays as it is");
        }
    }
    *looked_at = version;
    Ok(())
}

/// The graph of these subgraphs; none where there are none.
async fn made(app: &Arc<App>, set: SubgraphSet) -> Result<Option<Supergraph>, String> {
    if set.subgraphs.is_empty() {
        return Ok(None);
    }
    let subgraphs = clients(app, &set)?;
    let (limits, config) = (app.config.limits.prepare(), app.config.federation.clone());
    let composing = tokio::task::spawn_blocking(move || {
        let composed = compose::compose(&set.subgraphs).map_err(|reasons| compose::listed(&reasons))?;
        Supergraph::new(set.version, composed, subgraphs, limits, &config).map_err(|error| format!("{error:#}"))
    });
    composing.await.unwrap_or_else(|_| Err("composition gave up on it".to_owned())).map(Some)
}

/// The ways to the subgraphs. Those that did not change keep theirs, with all that is known of their health.
fn clients(app: &Arc<App>, set: &SubgraphSet) -> Result<Vec<SharedSubgraph>, String> {
    let known = app.sources.subgraphs().now();
    let client = |record: &sources::postgres::SubgraphRecord| {
        let url = Url::parse(&record.url).map_err(|error| format!("{}: {error}", record.name))?;
        let same = known.iter().find(|known| known.name() == record.name && *known.url() == url);
        if let Some(same) = same.filter(|same| same.version() == record.version) {
            return Ok(Arc::clone(same));
        }
        let made =
            Subgraph::new(&record.name, &url, record.version, &app.config.federation.calls, app.sources.shared());
        made.map(Arc::new).map_err(|error| format!("{}: {}", record.name, error.chain()))
    };
    set.subgraphs.iter().map(client).collect()
}
