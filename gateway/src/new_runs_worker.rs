//! Asks AWX for runs that were created since, by one replica at a time, and has the deployments of their templates read: of a run that
//! waits AWX tells nobody, and until a pass comes by it would not be seen.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::{StreamExt, TryStreamExt, stream};
use sources::{SourceError, awx::Awx, sync::Reread};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{App, sync_worker::renew};

/// Apart from AWX's own lease, which is for its synchronisation; no source has such a name.
const LEASE: &str = "begun:awx";

/// How often it is looked whether another replica asks.
const POLL: Duration = Duration::from_secs(2);

/// So much earlier than a run was seen first it may have begun: it may have waited for an answer, and clocks differ.
const EARLIER_MAX: TimeDelta = TimeDelta::hours(1);

/// So many templates are read at once.
const AT_ONCE: usize = 4;

/// Asks until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let Some(awx) = app.sources.awx().filter(|_| app.config.sync.enabled) else { return };
    let Some(every) = awx.looks_every() else { return };
    let holder = Uuid::new_v4();
    loop {
        let asked = async {
            if let Err(error) = hold(&app, awx, every, holder).await {
                tracing::warn!(error = error.chain(), "AWX could not be asked for new runs; the next pass finds them");
            }
            tokio::time::sleep(POLL.max(every)).await;
        };
        tokio::select! {
            () = asked => {}
            // The lease ends by itself.
            _ = ended.changed() => return,
        }
    }
}

/// Asks for as long as this replica may.
async fn hold(app: &App, awx: &Awx, every: Duration, holder: Uuid) -> Result<(), SourceError> {
    let (database, life) = (app.sources.database(), app.config.sync.lease);
    let Some(lease) = database.sync_lease(LEASE, holder, life).await? else { return Ok(()) };
    let outcome = tokio::select! {
        outcome = follow(app, awx, every) => outcome,
        () = renew(database, &lease, holder, life) => Ok(()),
    };
    database.sync_release(&lease).await?;
    outcome
}

async fn follow(app: &App, awx: &Awx, every: Duration) -> Result<(), SourceError> {
    let mut newest = awx.newest_run().await?.unwrap_or(0);
    loop {
        tokio::time::sleep(every).await;
        loop {
            let begun = awx.runs_after(newest).await?;
            stream::iter(begun.templates)
                .map(|template| reread(app, awx, template))
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
            newest = begun.newest.unwrap_or(newest);
            if !begun.has_more {
                break;
            }
        }
    }
}

async fn reread(app: &App, awx: &Awx, template: i32) -> Result<(), SourceError> {
    let now = app.sources.clock().now();
    let history = TimeDelta::from_std(app.config.sync.history).unwrap_or(TimeDelta::MAX);
    let reread = Reread {
        database: app.sources.database(),
        rules: &app.config.delivery,
        since: now - history,
        from: now - EARLIER_MAX,
    };
    let written = awx.reread_template(&reread, template).await?;
    metrics::counter!("weft_sync_begun_total", "source" => "awx").increment(1);
    tracing::debug!(template, created = written.created, "a template has a new run");
    Ok(())
}
