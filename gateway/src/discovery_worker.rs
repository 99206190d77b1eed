//! Looks through groups of GitLab for catalog files in the background, one replica at a time.

use std::{sync::Arc, time::Duration};

use sources::{
    SourceError,
    discovery::{LEASE, Scan, ScanReport},
    gitlab::Gitlab,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{App, sync_worker::renew};

/// How often it is looked whether a group is due.
const POLL: Duration = Duration::from_secs(2);

/// Scans until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let Some(gitlab) = app.sources.gitlab().filter(|gitlab| !gitlab.discovery().groups.is_empty()) else { return };
    let holder = Uuid::new_v4();
    let mut pause = POLL;
    loop {
        let is_good = tokio::select! {
            is_good = scan_all(&app, gitlab, holder) => is_good,
            // What was taken over stays; the lease ends by itself.
            _ = ended.changed() => return,
        };
        pause = if is_good { POLL } else { (pause * 2).min(gitlab.discovery().interval.max(POLL)) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = ended.changed() => return,
        }
    }
}

/// Scans every group that is due, if no other replica does; whether all of it went well.
async fn scan_all(app: &App, gitlab: &Gitlab, holder: Uuid) -> bool {
    let database = app.sources.database();
    let life = app.config.sync.lease;
    let lease = match database.sync_lease(LEASE, holder, life).await {
        Ok(Some(lease)) => lease,
        Ok(None) => return true,
        Err(error) => {
            tracing::warn!(error = error.chain(), "it cannot be told who looks for catalog files");
            return false;
        }
    };
    let scan = async {
        let mut is_good = true;
        for at in 0..gitlab.discovery().groups.len() {
            is_good &= scan_group(app, gitlab, at).await;
        }
        is_good
    };
    let is_good = tokio::select! {
        is_good = scan => is_good,
        () = renew(database, &lease, holder, life) => {
            tracing::info!("another replica looks for catalog files now");
            return true;
        }
    };
    if let Err(error) = database.sync_release(&lease).await {
        tracing::warn!(error = error.chain(), "a lease could not be given back");
    }
    is_good
}

async fn scan_group(app: &App, gitlab: &Gitlab, at: usize) -> bool {
    let Some(group) = gitlab.discovery().groups.get(at) else { return true };
    let catalog = &app.config.catalog;
    let scan = Scan {
        database: app.sources.database(),
        gitlab,
        config: gitlab.discovery(),
        group,
        tenant: group.tenant.as_deref().unwrap_or(&catalog.default_tenant),
        limits: &catalog.apply_limits(),
        text_bytes_max: catalog.fetch_limits().text_bytes_max,
        clock: app.sources.clock(),
    };
    let outcome: Result<Option<ScanReport>, SourceError> = scan.run().await;
    match outcome {
        Ok(Some(report)) => {
            let ScanReport { listed, looked_at, taken_over, withdrawn, failed } = report;
            for (outcome, count) in [("taken_over", taken_over), ("withdrawn", withdrawn), ("failed", failed)] {
                metrics::counter!("weft_discovery_files_total", "outcome" => outcome)
                    .increment(u64::try_from(count).unwrap_or(0));
            }
            if looked_at + withdrawn > 0 {
                let group = &group.group;
                tracing::info!(group, listed, looked_at, taken_over, withdrawn, failed, "looked for catalog files");
            }
            true
        }
        Ok(None) => true,
        Err(error) => {
            tracing::warn!(group = group.group, error = error.chain(), "catalog files could not be looked for");
            false
        }
    }
}
