//! Reads published documents at the start and whenever there are others. While Postgres is away, what was read stays.

use std::{sync::Arc, time::Duration};

use sources::{SourceError, postgres::TrustedDocument};
use tokio::sync::watch;

use crate::App;

/// How long a start waits for them. Without them the gateway serves all the same, and refuses what it cannot know as unavailable.
const START_WAIT: Duration = Duration::from_secs(2);

/// Reads them once, before anybody is served.
pub async fn load(app: &App) {
    for client in app.config.documents.laxer_clients() {
        tracing::warn!(
            client,
            "documents.clients lets in more than documents.mode, and whoever calls can send this name"
        );
    }
    match tokio::time::timeout(START_WAIT, look(app)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = error.chain(), "published documents cannot be read yet"),
        Err(_) => tracing::warn!("published documents cannot be read yet: the database does not answer"),
    }
}

/// Looks until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let mut has_failed = false;
    loop {
        tokio::select! {
            () = tokio::time::sleep(app.config.documents.refresh_interval) => {}
            _ = ended.changed() => return,
        }
        let outcome = tokio::select! {
            outcome = look(&app) => outcome,
            _ = ended.changed() => return,
        };
        match outcome {
            Ok(()) => has_failed = false,
            // Once, not every few seconds.
            Err(error) if !std::mem::replace(&mut has_failed, true) => {
                tracing::warn!(error = error.chain(), "published documents cannot be read: those that are known stay");
            }
            Err(_) => {}
        }
    }
}

async fn look(app: &App) -> Result<(), SourceError> {
    let (database, config) = (app.sources.database(), &app.config.documents);
    let trusted = &app.documents.trusted;
    let version = database.trusted_version().await?;
    if version == trusted.version() {
        return Ok(());
    }
    // Read after the version: what is published in between is read again at the next look, never missed.
    let read = database.trusted_documents(config.trusted_max, config.trusted_bytes_max.as_u64()).await?;
    if read.left_out > 0 {
        tracing::warn!(
            left_out = read.left_out,
            "more documents are published than documents.trusted_max or trusted_bytes_max allow: the oldest are not known"
        );
    }
    let documents: Vec<TrustedDocument> = read.documents;
    metrics::gauge!("weft_trusted_documents").set(documents.len() as f64);
    tracing::info!(documents = documents.len(), version, "published documents are read");
    trusted.set(version, documents);
    Ok(())
}
