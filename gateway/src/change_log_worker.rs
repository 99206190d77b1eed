//! Looks after the partitions of the change log: makes those of days to come, drops what is too old or too much. Every replica does;
//! the database lets one at a time.

use std::sync::Arc;

use sources::ingest::{ChangeLogKeep, ChangeLogUpkeep};
use tokio::sync::watch;

use crate::App;

/// Looks until the gateway ends. Not at once: the schema comes with partitions for the first days, and a replica that starts has
/// better to do.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(app.config.live.maintain_every) => {}
            _ = ended.changed() => return,
        }
        tokio::select! {
            () = look(&app) => {}
            // A transaction that does not end has never been.
            _ = ended.changed() => return,
        }
    }
}

async fn look(app: &App) {
    let live = &app.config.live;
    let keep = ChangeLogKeep {
        retention: live.retention,
        bytes_max: live.log_bytes_max.as_u64(),
        moved_max: live.log_moved_max,
    };
    match app.sources.database().keep_change_log(app.sources.clock().now(), &keep).await {
        Ok(upkeep) => tell(&upkeep, &keep),
        Err(error) => tracing::warn!(error = error.chain(), "the change log cannot be looked after"),
    }
}

fn tell(upkeep: &ChangeLogUpkeep, keep: &ChangeLogKeep) {
    let ChangeLogUpkeep { made, moved, left, dropped_by_age, dropped_by_size, bytes, partitions, failed } = upkeep;
    metrics::gauge!("weft_change_log_bytes").set(*bytes as f64);
    metrics::gauge!("weft_change_log_partitions").set(*partitions as f64);
    for (reason, count) in [("age", dropped_by_age), ("size", dropped_by_size)] {
        metrics::counter!("weft_change_log_dropped_total", "reason" => reason)
            .increment(u64::try_from(*count).unwrap_or(0));
    }
    if made + dropped_by_age + dropped_by_size > 0 {
        tracing::info!(made, moved, dropped_by_age, dropped_by_size, "looked after the change log");
    }
    if *left > 0 {
        tracing::warn!(
            left,
            "lines of the change log are in no partition of their day: more than `live.log_moved_max`"
        );
    }
    if *bytes > keep.bytes_max {
        tracing::warn!(
            bytes,
            "the change log is larger than `live.log_bytes_max`, and only days that are written to are left"
        );
    }
    if let Some(error) = failed {
        tracing::warn!(error = error.chain(), "a part of the change log cannot be looked after for now");
    }
}
