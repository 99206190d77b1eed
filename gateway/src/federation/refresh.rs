//! Follows what is published, or the file that is configured instead: composed at the start, and again whenever it is another version.
//! What is served stays while neither can be read, and when what they hold cannot be composed.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use sources::{
    postgres::{SubgraphRecord, SubgraphSet},
    subgraph::SharedSubgraph,
};
use tokio::sync::watch;
use url::Url;

use super::{Supergraph, clients, compose, ready};
use crate::App;

/// How long a start waits for what is published. Without it the gateway serves its own schema.
const START_WAIT: Duration = Duration::from_secs(5);

/// Composes once, before anybody is served. Only a file that cannot be used is an error: it was meant to be served.
pub async fn load(app: &Arc<App>) -> anyhow::Result<()> {
    let config = &app.config.federation;
    if !config.enabled {
        return Ok(());
    }
    if let Some(file) = &config.supergraph {
        look(app, &mut 0).await.map_err(anyhow::Error::msg).context("federation.supergraph")?;
        if let Some(reasons) = app.federation.refused() {
            bail!("federation.supergraph: {} cannot be served: {reasons}", file.display());
        }
        return Ok(());
    }
    match tokio::time::timeout(START_WAIT, look(app, &mut 0)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error, "published subgraphs cannot be read yet"),
        Err(_) => tracing::warn!("published subgraphs cannot be read yet: the database does not answer"),
    }
    Ok(())
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
                tracing::warn!(error, "subgraphs cannot be read: those that are known stay");
            }
            Err(_) => {}
        }
    }
}

/// Looks whether there is another version, and composes it. `looked_at` is the version that was composed last, or could not be.
async fn look(app: &Arc<App>, looked_at: &mut i64) -> Result<(), String> {
    let started = std::time::Instant::now();
    let (version, made) = match &app.config.federation.supergraph {
        Some(path) => {
            let file = ready::read(path, &app.config.federation).await?;
            if file.version == *looked_at {
                return Ok(());
            }
            (file.version, ready::made(app, file).await.map(Some))
        }
        None => {
            let database = app.sources.database();
            if database.supergraph_version().await.map_err(|error| error.chain())? == *looked_at {
                return Ok(());
            }
            let set = database.subgraphs().await.map_err(|error| error.chain())?;
            (set.version, made(app, set).await)
        }
    };
    match made {
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
            tracing::error!(version, reasons, "what there is cannot be composed: the graph stays as it is");
            app.federation.refuse(reasons);
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
    let subgraphs = set.subgraphs.iter().map(|record| client(app, record)).collect::<Result<_, _>>()?;
    let (limits, config) = (app.config.limits.prepare(), app.config.federation.clone());
    let composing = tokio::task::spawn_blocking(move || {
        let composed = compose::compose(&set.subgraphs).map_err(|reasons| compose::listed(&reasons))?;
        Supergraph::new(set.version, composed, subgraphs, limits, &config).map_err(|error| format!("{error:#}"))
    });
    composing.await.unwrap_or_else(|_| Err("composition gave up on it".to_owned())).map(Some)
}

/// The way to a subgraph; as it was, where it was not published again.
fn client(app: &App, record: &SubgraphRecord) -> Result<SharedSubgraph, String> {
    let url = Url::parse(&record.url).map_err(|error| format!("{}: {error}", record.name))?;
    let known = clients::known(app, &record.name, &url).filter(|known| known.version() == record.version);
    known.map_or_else(|| clients::new(app, &record.name, &url, record.version), Ok)
}
