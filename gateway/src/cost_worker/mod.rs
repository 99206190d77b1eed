//! Reads charges from Azure in the background, one replica at a time. What is read, and how, stands in `sources::azure::cost`; this says
//! when, for whom, and what became of it.
//!
//! `exports` takes the files of a container over, `queries` asks for what they do not tell yet, `folder` is where they lie meanwhile.

mod exports;
mod folder;
mod queries;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use sources::{
    SourceError,
    azure::{
        Storage,
        cost::{CostQueries, ExportSource, QuerySource},
    },
    ingest::CostLook,
    upstream::Shared,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{App, sync_worker::renew};

pub use exports::{ExportsReport, Failure};
pub use queries::Asked;

/// The name of its lease.
const LEASE: &str = "azure cost";

/// How often it is looked whether something is due.
const POLL: Duration = Duration::from_secs(30);

/// How soon what could not be asked of the Query API is asked again, where its interval is longer.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(3_600);

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
    queries: CostQueries,
    asked: Vec<QuerySource>,
}

impl AzureCosts {
    /// Prepares what is configured; none when nothing is, or Azure is not.
    pub fn new(app: &App) -> Result<Option<Self>, SourceError> {
        let config = &app.config.cost.azure;
        let Some(azure) = app.sources.azure().filter(|_| config.is_used()) else { return Ok(None) };
        let shared = Shared { redis: app.sources.redis(), clock: app.sources.clock() };
        let storage = |source: &ExportSource| Ok((source.clone(), azure.storage(&source.container_url, shared)?));
        let exports = config.exports.iter().map(storage).collect::<Result<_, SourceError>>()?;
        let queries = azure.cost_queries(config, shared)?;
        Ok(Some(Self { exports, queries, asked: config.queries.clone() }))
    }

    /// Reads what is due; what became of it is told to logs and metrics.
    pub async fn read_due(&self, app: &App) {
        let place = self::exports::place(app);
        // What one that was killed left behind.
        if let Err(error) = tokio::task::spawn_blocking(move || folder::clear(&place)).await {
            tracing::warn!(%error, "the folders of earlier imports cannot be removed");
        }
        for (source, storage) in &self.exports {
            let tenant = tenant(app, source.tenant.as_deref());
            let target = source.target();
            if is_due(app, tenant, &target, source.interval, source.interval).await {
                let has_failed = match self::exports::read(app, tenant, source, storage).await {
                    Ok(report) => report.failed > 0,
                    Err(error) => {
                        tracing::warn!(of = target, error = error.chain(), "a container of exports cannot be read");
                        true
                    }
                };
                note(app, tenant, &target, has_failed).await;
            }
        }
        // After the exports: what these tell need not be asked for.
        for source in &self.asked {
            let tenant = tenant(app, source.tenant.as_deref());
            // A day is long after a failure; an hour is longer than any wait that Azure asks for.
            let again = source.interval.min(PAUSE_AFTER_FAILURE);
            if is_due(app, tenant, &source.scope, source.interval, again).await {
                let has_failed = self.ask(app, source).await.is_err();
                note(app, tenant, &source.scope, has_failed).await;
            }
        }
    }

    /// Asks for every scope at once, due or not.
    pub async fn read_queries(&self, app: &App) -> Vec<Result<Asked, Failure>> {
        let mut outcomes = Vec::new();
        for source in &self.asked {
            outcomes.push(self.ask(app, source).await);
        }
        outcomes
    }

    async fn ask(&self, app: &App, source: &QuerySource) -> Result<Asked, Failure> {
        let tenant = tenant(app, source.tenant.as_deref());
        let asked = queries::read(app, tenant, source, &self.queries).await;
        let scope = &source.scope;
        let outcome = match &asked {
            Ok(Asked::TakenOver) => {
                tracing::info!(tenant, scope, "what the last days cost was asked for and taken over");
                "taken_over"
            }
            Ok(Asked::Nothing) => "nothing",
            Ok(Asked::Told) => "told",
            Err(failure) => {
                let error = exports::chain(failure);
                tracing::warn!(tenant, scope, error, "what the last days cost cannot be asked for; it is tried again");
                if matches!(failure, Failure::Refused(_)) { "refused" } else { "failed" }
            }
        };
        metrics::counter!("weft_azure_cost_queries_total", "outcome" => outcome).increment(1);
        if asked.is_ok() {
            metrics::gauge!("weft_azure_cost_queries_last_success_timestamp_seconds")
                .set(app.clock.now().timestamp() as f64);
        }
        asked
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

/// Whether the last look is `interval` ago, or `again` where it failed.
async fn is_due(app: &App, tenant: &str, target: &str, interval: Duration, again: Duration) -> bool {
    let last = match app.sources.database().cost_look(tenant, target).await {
        Ok(last) => last,
        Err(error) => {
            tracing::warn!(of = target, error = error.chain(), "it cannot be told when charges were read last");
            return false;
        }
    };
    last.is_none_or(|last| {
        let pause = if last.has_failed { again } else { interval };
        app.clock.now() - last.looked_at >= TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX)
    })
}

async fn note(app: &App, tenant: &str, target: &str, has_failed: bool) {
    let look = CostLook { looked_at: app.clock.now(), has_failed };
    if let Err(error) = app.sources.database().cost_looked(tenant, target, look).await {
        tracing::warn!(of = target, error = error.chain(), "it cannot be noted that charges were read");
    }
}
