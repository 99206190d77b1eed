//! Reads registered locations in the background: those that are due, and at once those that a mutation touched.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use schema::AuditEntry;
use sources::{
    catalog::{self, Outcome, Refusal},
    ingest::{DueLocation, Location},
};
use tokio::sync::{Mutex, watch};

use crate::App;

/// How long a replica that dies holds a location.
const LEASE: Duration = Duration::from_secs(300);
/// How often the database is asked whether something is due, when nobody says so.
const POLL: Duration = Duration::from_secs(5);
/// How soon a location that failed is tried again, at the least.
const RETRY: Duration = Duration::from_secs(30);

/// Most locations that a replica reads at the same time: one that answers slowly must not hold up all others.
const WORKERS: usize = 4;

/// Reads until the gateway ends.
pub async fn run(app: Arc<App>, ended: watch::Receiver<bool>) {
    let taking = Mutex::new(());
    join_all((0..WORKERS).map(|_| work(&app, &taking, ended.clone()))).await;
}

/// Reads what is due until the gateway ends. The workers take locations one after another (`taking`): at the same
/// moment each would count the tenant's locations before the others' were taken, and one tenant could hold them all.
async fn work(app: &App, taking: &Mutex<()>, mut ended: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = read_all_due(app, taking) => {}
            _ = ended.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = app.locations.changed.notified() => {}
            _ = ended.changed() => return,
        }
    }
}

async fn read_all_due(app: &App, taking: &Mutex<()>) {
    loop {
        let taken = {
            let _one_at_a_time = taking.lock().await;
            app.sources.database().location_lease(LEASE).await
        };
        match taken {
            Ok(Some(due)) => {
                if !read_and_settle(app, &due).await {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(error = error.chain(), "it cannot be told which locations are due");
                return;
            }
        }
    }
}

/// Reads a location and gives it back; answers whether that was stored.
async fn read_and_settle(app: &App, due: &DueLocation) -> bool {
    let outcome = read(app, due).await;
    let interval = app.config.catalog.refresh_interval;
    let (interval, error) = match &outcome {
        Ok(()) => (interval, None),
        Err(message) => {
            tracing::warn!(tenant = due.tenant, location = due.target, error = message, "a location could not be read");
            (interval.min(RETRY), Some(message.as_str()))
        }
    };
    let settled = app.sources.database().location_settle(due, interval, error).await;
    if let Err(error) = &settled {
        tracing::warn!(error = error.chain(), "a location could not be given back");
    }
    settled.is_ok()
}

/// Reads one location. One that cannot be read at all leaves a processing error, and everything it declared stays.
async fn read(app: &App, due: &DueLocation) -> Result<(), String> {
    let text = app.locations.reader.read(due.location_type, &due.target).await;
    let outcomes = match &text {
        Ok(text) => {
            let (target, text) = (due.target.clone(), text.clone());
            let parsed = tokio::task::spawn_blocking(move || {
                catalog::resolve_conflicts(catalog::read_text(&target, &text, &catalog::Limits::default()))
            });
            parsed.await.map_err(|error| error.to_string())?
        }
        Err(message) => vec![Outcome::Refused(Refusal {
            target: due.target.clone(),
            line: None,
            column: None,
            entity_ref: None,
            is_team_only: false,
            owner_ref: None,
            message: message.clone(),
        })],
    };
    let location =
        Location { tenant: due.tenant.clone(), location_type: due.location_type, target: due.target.clone() };
    let audit = AuditEntry {
        subject: "weft".to_owned(),
        action: "import.catalog".to_owned(),
        target: Some(due.target.chars().take(200).collect()),
        ..AuditEntry::default()
    };
    let limits = app.config.catalog.apply_limits();
    let applied = app.sources.database().apply_location(&location, outcomes, &limits, &audit, &|_| {}).await;
    let report = applied.map_err(|error| error.chain())?;
    tracing::info!(
        tenant = due.tenant,
        location = due.target,
        created = report.created,
        updated = report.updated,
        refused = report.refused.len(),
        "read a location"
    );
    text.map(|_| ())
}
