//! Tells the change log when sources are otherwise than before, as this replica sees them.

use std::sync::Arc;

use sources::ingest::SourceWatch;
use tokio::sync::watch;

use crate::App;

/// Looks until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let mut told = SourceWatch::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(app.config.live.sources_every) => {}
            _ = ended.changed() => return,
        }
        let looked = tokio::select! {
            looked = told.look(&app.sources) => looked,
            _ = ended.changed() => return,
        };
        match looked {
            Ok(count) => {
                metrics::counter!("weft_source_changes_total").increment(u64::try_from(count).unwrap_or(0));
            }
            Err(error) => {
                tracing::warn!(error = error.chain(), "a change of a source cannot be told; it is tried again")
            }
        }
    }
}
