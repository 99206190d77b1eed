//! Reads deployments from the sources in the background, each source by one replica at a time.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::future::join_all;
use sources::{
    SourceError,
    ingest::Lease,
    postgres::Database,
    sync::{DeploymentSource, Pass, PassEnd, PassReport, Progress},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::App;

/// How often it is looked whether a source is free that another replica reads.
const POLL: Duration = Duration::from_secs(2);

/// Longest pause between two looks at what is due: each reads which components are mapped.
const DUE_POLL_MAX: Duration = Duration::from_secs(10);

/// What became of a look at a source.
enum Look {
    /// What was due has been read.
    Read,
    /// Another replica reads it.
    Held,
    /// Something could not be read or written.
    Lost,
}

/// Reads until the gateway ends.
pub async fn run(app: Arc<App>, ended: watch::Receiver<bool>) {
    if !app.config.sync.enabled {
        return;
    }
    // One name for this replica, whatever it reads.
    let holder = Uuid::new_v4();
    let sources = app.sources.deployment_sources();
    join_all(sources.into_iter().map(|source| read_source(&app, source, holder, ended.clone()))).await;
}

async fn read_source(app: &App, source: &dyn DeploymentSource, holder: Uuid, mut ended: watch::Receiver<bool>) {
    let mut pause = POLL;
    let interval = app.config.sync.interval;
    loop {
        let look = tokio::select! {
            look = read_once(app, source, holder) => look,
            // What was written stays; the lease ends by itself.
            _ = ended.changed() => return,
        };
        pause = match look {
            Look::Held => POLL,
            Look::Read => between_looks(interval),
            // What could not be written would be read again at once, for no better outcome.
            Look::Lost => (pause * 2).min(interval.max(POLL)),
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = ended.changed() => return,
        }
    }
}

/// How long after a reading it is looked again what is due.
fn between_looks(interval: Duration) -> Duration {
    (interval / 6).clamp(POLL, DUE_POLL_MAX)
}

/// Reads what is due, if nobody else does.
async fn read_once(app: &App, source: &dyn DeploymentSource, holder: Uuid) -> Look {
    let sync = &app.config.sync;
    let database = app.sources.database();
    let history = TimeDelta::from_std(sync.history).unwrap_or(TimeDelta::MAX);
    let outcome = async {
        let Some(lease) = database.sync_lease(source.name(), holder, sync.lease).await? else { return Ok(None) };
        let pass = Pass {
            database,
            lease: &lease,
            rules: &app.config.delivery,
            since: app.sources.clock().now() - history,
            // What becomes due before the next look is read now: no part waits for longer than the interval.
            interval: Some(sync.interval.saturating_sub(between_looks(sync.interval))),
            clock: app.sources.clock(),
            is_announced: app.webhooks.senders.announces(source.kind()),
            progress: &|_: Progress| {},
        };
        // Which replica reads is seen here; one that is killed says nothing more.
        let leads = metrics::gauge!("weft_sync_leads", "source" => source.name().to_owned());
        leads.set(1.0);
        let report = held(&pass, source, holder, sync.lease).await;
        leads.set(0.0);
        let report = report?;
        database.sync_release(&lease).await?;
        Ok::<_, SourceError>(Some(report))
    };
    match outcome.await {
        Ok(Some(report)) => {
            tell(source, &report);
            if report.has_lost { Look::Lost } else { Look::Read }
        }
        Ok(None) => Look::Held,
        Err(error) => {
            tracing::warn!(source = source.name(), error = error.chain(), "deployments could not be read");
            Look::Lost
        }
    }
}

/// Runs a pass and renews its lease meanwhile.
pub(crate) async fn held(
    pass: &Pass<'_>,
    source: &dyn DeploymentSource,
    holder: Uuid,
    life: Duration,
) -> Result<PassReport, SourceError> {
    let mut report = PassReport::default();
    let end = tokio::select! {
        end = pass.run(source, &mut report) => end?,
        () = renew(pass.database, pass.lease, holder, life) => PassEnd::Fenced,
    };
    if end == PassEnd::Fenced {
        tracing::info!(source = source.name(), "another replica reads this source now");
    }
    Ok(report)
}

/// Renews a lease until it is lost.
pub(crate) async fn renew(database: &Database, lease: &Lease, holder: Uuid, life: Duration) {
    loop {
        tokio::time::sleep(life / 3).await;
        match database.sync_lease(&lease.source_name, holder, life).await {
            Ok(Some(renewed)) if renewed.fence() == lease.fence() => {}
            Ok(_) => return,
            // It may come back before the lease ends; a write under a lost one is refused.
            Err(error) => tracing::warn!(error = error.chain(), "a lease could not be renewed"),
        }
    }
}

fn tell(source: &dyn DeploymentSource, report: &PassReport) {
    let source = source.name();
    let PassReport { written, parts_read, failed, .. } = report;
    if let Some((part, error)) = failed.first() {
        let (parts, error) = (failed.len(), error.chain());
        tracing::warn!(source, parts, part, error, "parts could not be read");
    }
    if written.created + written.updated + written.refused > 0 {
        let (created, updated, refused) = (written.created, written.updated, written.refused);
        tracing::info!(source, parts_read, created, updated, refused, "read deployments");
    }
    metrics::counter!("weft_sync_parts_total", "source" => source.to_owned(), "outcome" => "read")
        .increment(u64::try_from(*parts_read).unwrap_or(0));
    metrics::counter!("weft_sync_parts_total", "source" => source.to_owned(), "outcome" => "failed")
        .increment(u64::try_from(failed.len()).unwrap_or(0));
    for (outcome, count) in [("created", written.created), ("updated", written.updated), ("refused", written.refused)] {
        metrics::counter!("weft_sync_deployments_total", "source" => source.to_owned(), "outcome" => outcome)
            .increment(u64::try_from(count).unwrap_or(0));
    }
}
