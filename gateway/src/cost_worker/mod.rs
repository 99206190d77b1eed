//! Reads charges from Azure in the background, one replica at a time. What is read, and how, stands in `sources::azure::cost`; this says
//! when, for whom, and what became of it.
//!
//! `exports` takes the files of a container over, `folder` is where they lie meanwhile.

mod exports;
mod folder;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use sources::{
    SourceError,
    azure::{Storage, cost::ExportSource},
    ingest::CostLook,
    upstream::Shared,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{App, sync_worker::renew};

pub use exports::ExportsReport;

/// The name of its lease.
const LEASE: &str = "azure cost";

/// How often it is looked whether something is due.
const POLL: Duration = Duration::from_secs(30);

/// Reads until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    if !app.config.cost.azure.enabled {
        return;
    }
    let costs = match AzureCosts::new(&app) {
        Ok(Some(costs)) => costs,
        Ok(None) => return,
        Err(error) => {
            tracing::error!(error = error.chain(), "charges cannot be read from Azure");
            return;
        }
    };
    let holder = Uuid::new_v4();
    loop {
        tokio::select! {
            () = read_if_free(&app, &costs, holder) => {}
            // A transaction that does not end has never been; the lease ends by itself.
            _ = ended.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = ended.changed() => return,
        }
    }
}

/// Reads what is due, if no other replica does.
async fn read_if_free(app: &App, costs: &AzureCosts, holder: Uuid) {
    let (database, life) = (app.sources.database(), app.config.sync.lease);
    let lease = match database.sync_lease(LEASE, holder, life).await {
        Ok(Some(lease)) => lease,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(error = error.chain(), "it cannot be told who reads charges from Azure");
            return;
        }
    };
    tokio::select! {
        () = costs.read_due(app) => {}
        () = renew(database, &lease, holder, life) => {
            tracing::info!("another replica reads charges from Azure now");
            return;
        }
    }
    if let Err(error) = database.sync_release(&lease).await {
        tracing::warn!(error = error.chain(), "a lease could not be given back");
    }
}

/// What charges are read from.
pub struct AzureCosts {
    exports: Vec<(ExportSource, Storage)>,
}

impl AzureCosts {
    /// Prepares what is configured; none when nothing is, or Azure is not.
    pub fn new(app: &App) -> Result<Option<Self>, SourceError> {
        let config = &app.config.cost.azure;
        let Some(azure) = app.sources.azure().filter(|_| config.is_used()) else { return Ok(None) };
        let shared = Shared { redis: app.sources.redis(), clock: app.sources.clock() };
        let storage = |source: &ExportSource| Ok((source.clone(), azure.storage(&source.container_url, shared)?));
        let exports = config.exports.iter().map(storage).collect::<Result<_, SourceError>>()?;
        Ok(Some(Self { exports }))
    }

    /// Reads what is due; what became of it is told to logs and metrics.
    pub async fn read_due(&self, app: &App) {
        for (source, storage) in &self.exports {
            let tenant = tenant(app, source.tenant.as_deref());
            let target = source.target();
            if is_due(app, tenant, &target, source.interval).await {
                let has_failed = match self::exports::read(app, tenant, source, storage).await {
                    Ok(report) => report.failed > 0,
                    Err(error) => {
                        tracing::warn!(target, error = error.chain(), "a container of exports cannot be read");
                        true
                    }
                };
                note(app, tenant, &target, has_failed).await;
            }
        }
    }

    /// Looks at every container at once, due or not.
    pub async fn read_exports(&self, app: &App) -> Result<ExportsReport, SourceError> {
        let mut whole = ExportsReport::default();
        for (source, storage) in &self.exports {
            let tenant = tenant(app, source.tenant.as_deref());
            whole += exports::read(app, tenant, source, storage).await?;
        }
        Ok(whole)
    }
}

fn tenant<'a>(app: &'a App, named: Option<&'a str>) -> &'a str {
    named.unwrap_or(&app.config.catalog.default_tenant)
}

async fn is_due(app: &App, tenant: &str, target: &str, interval: Duration) -> bool {
    let last = match app.sources.database().cost_look(tenant, target).await {
        Ok(last) => last,
        Err(error) => {
            tracing::warn!(target, error = error.chain(), "it cannot be told when charges were read last");
            return false;
        }
    };
    let interval = TimeDelta::from_std(interval).unwrap_or(TimeDelta::MAX);
    last.is_none_or(|last| app.clock.now() - last.looked_at >= interval)
}

async fn note(app: &App, tenant: &str, target: &str, has_failed: bool) {
    let look = CostLook { looked_at: app.clock.now(), has_failed };
    if let Err(error) = app.sources.database().cost_looked(tenant, target, look).await {
        tracing::warn!(target, error = error.chain(), "it cannot be noted that charges were read");
    }
}
