//! Asks AWX for runs that were created since, by one replica at a time, and has the deployments of their templates read: of a run that
//! waits AWX tells nobody, and until a pass comes by it would not be seen.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use sources::{
    SourceError,
    awx::Awx,
    sync::{DeploymentSource, Reread},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{App, sync_worker::renew};

/// Apart from AWX's own lease, which is for its synchronisation; no source has such a name.
const LEASE: &str = "begun:awx";

/// How often it is looked whether another replica asks.
const POLL: Duration = Duration::from_secs(2);

/// So much earlier than a run was seen first it may have begun: it may have waited for an answer, and clocks differ.
const EARLIER_MAX: TimeDelta = TimeDelta::hours(1);

/// Longest pause after AWX could not be asked.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Asks until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let Some(awx) = app.sources.awx().filter(|_| app.config.sync.enabled) else { return };
    let Some(every) = awx.looks_every() else { return };
    let (holder, shortest) = (Uuid::new_v4(), POLL.max(every));
    let (mut newest, mut pause) = (None, shortest);
    loop {
        let outcome = tokio::select! {
            outcome = hold(&app, awx, (every, holder), &mut newest) => outcome,
            // The lease ends by itself.
            _ = ended.changed() => return,
        };
        pause = match outcome {
            Ok(()) => shortest,
            Err(error) => {
                tracing::warn!(error = error.chain(), "it cannot be told which runs of AWX are new");
                (pause * 2).min(PAUSE_MAX.max(shortest))
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = ended.changed() => return,
        }
    }
}

/// Asks for as long as this replica may, on from the run that is known.
async fn hold(
    app: &App,
    awx: &Awx,
    (every, holder): (Duration, Uuid),
    newest: &mut Option<i32>,
) -> Result<(), SourceError> {
    let (database, life) = (app.sources.database(), app.config.sync.lease);
    let Some(lease) = database.sync_lease(LEASE, holder, life).await? else {
        // Another replica knows what is new.
        *newest = None;
        return Ok(());
    };
    let outcome = tokio::select! {
        outcome = follow(app, awx, every, newest) => outcome,
        () = renew(database, &lease, holder, life) => Ok(()),
    };
    database.sync_release(&lease).await?;
    outcome
}

async fn follow(app: &App, awx: &Awx, every: Duration, newest: &mut Option<i32>) -> Result<(), SourceError> {
    let mut known = match *newest {
        Some(known) => known,
        None => awx.newest_run().await?.unwrap_or(0),
    };
    loop {
        *newest = Some(known);
        tokio::time::sleep(every).await;
        loop {
            let begun = awx.runs_after(known).await?;
            // As many as a pass reads at once: callers wait for AWX, too.
            stream::iter(begun.templates)
                .for_each_concurrent(awx.parts_at_once(), |template| reread(app, awx, template))
                .await;
            known = begun.newest.unwrap_or(known);
            if !begun.has_more {
                break;
            }
        }
    }
}

/// What cannot be read now, a pass finds.
async fn reread(app: &App, awx: &Awx, template: i32) {
    let now = app.sources.clock().now();
    let history = TimeDelta::from_std(app.config.sync.history).unwrap_or(TimeDelta::MAX);
    let reread = Reread {
        database: app.sources.database(),
        rules: &app.config.delivery,
        since: now - history,
        from: now - EARLIER_MAX,
    };
    metrics::counter!("weft_sync_begun_total", "source" => "awx").increment(1);
    if let Err(error) = awx.reread_template(&reread, template).await {
        tracing::warn!(template, error = error.chain(), "the new runs of a template could not be read");
    }
}
