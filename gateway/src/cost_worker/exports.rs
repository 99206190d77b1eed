//! Takes the exports of a container over: of each export and period the newest run, unless it was taken over before.

use std::{ops::AddAssign, path::Path};

use sources::{
    SourceError,
    azure::{
        Storage,
        cost::{ExportSource, FetchError, Run, fetch, newest},
    },
    ingest::{CostImport, CostOutcome, CostRefusal},
};

use super::folder::Folder;
use crate::{App, commands::cost_import};

/// Refused rows that are told in the log.
const TOLD_MAX: usize = 3;

/// What became of a container's exports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportsReport {
    /// Runs that were fetched and taken over.
    pub taken_over: usize,
    /// Those that were taken over before.
    pub known: usize,
    /// Those that could not be fetched or were refused.
    pub failed: usize,
    /// Bytes that were taken over.
    pub bytes: u64,
}

impl AddAssign for ExportsReport {
    fn add_assign(&mut self, other: Self) {
        self.taken_over += other.taken_over;
        self.known += other.known;
        self.failed += other.failed;
        self.bytes += other.bytes;
    }
}

/// Why a run, or an answer, is not taken over.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It cannot be brought here.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It cannot be read or written.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There is no place for it.
    #[error("no folder can be made for its files")]
    Folder(#[source] std::io::Error),
    /// It says what cannot be used.
    #[error("it is refused: {0}")]
    Refused(String),
}

pub(super) async fn read(
    app: &App,
    tenant: &str,
    source: &ExportSource,
    storage: &Storage,
) -> Result<ExportsReport, SourceError> {
    let database = app.sources.database();
    let runs = newest(storage.list(&source.prefix).await?);
    let manifests: Vec<&str> = runs.iter().map(|run| run.manifest.name.as_str()).collect();
    let known = database.cost_runs(tenant, source.container(), &manifests).await?;
    let mut report = ExportsReport::default();
    for run in &runs {
        let manifest = &run.manifest;
        if known.get(&manifest.name) == Some(&manifest.etag) {
            report.known += 1;
            continue;
        }
        let outcome = match take_over(app, tenant, storage, run).await {
            Ok(bytes) => {
                let at = app.clock.now();
                database.cost_run_taken_over(tenant, source.container(), &manifest.name, &manifest.etag, at).await?;
                report.taken_over += 1;
                report.bytes += bytes;
                metrics::counter!("weft_azure_export_bytes_total").increment(bytes);
                tracing::info!(tenant, run = run.folder(), bytes, "an export was taken over");
                "taken_over"
            }
            Err(failure) => {
                report.failed += 1;
                let error = chain(&failure);
                tracing::warn!(tenant, run = run.folder(), error, "an export is not taken over; it is tried again");
                if matches!(failure, Failure::Refused(_)) { "refused" } else { "failed" }
            }
        };
        metrics::counter!("weft_azure_exports_total", "outcome" => outcome).increment(1);
    }
    if report.failed == 0 {
        metrics::gauge!("weft_azure_exports_last_success_timestamp_seconds").set(app.clock.now().timestamp() as f64);
    }
    Ok(report)
}

/// Fetches a run and takes it over; how many bytes it had. Its files are gone afterwards, whatever happens.
async fn take_over(app: &App, tenant: &str, storage: &Storage, run: &Run) -> Result<u64, Failure> {
    let folder = Folder::new(&place(app)).map_err(Failure::Folder)?;
    let export = fetch(storage, run, folder.path(), &app.config.cost.azure.fetch_limits()).await?;
    let import = CostImport { subject: "weft", ..cost_import(&app.config, tenant, &|_| {}) };
    let database = app.sources.database();
    let mut outcome = database.import_costs(&import, &export).await?;
    if matches!(outcome, CostOutcome::Known { is_replaced: true, .. }) {
        // Azure says again what it had said before something else: its last word counts.
        outcome = database.import_costs(&CostImport { again: true, ..import }, &export).await?;
    }
    match outcome {
        CostOutcome::Done(report) if report.set_aside_count > 0 => {
            let (rows, why) = (report.set_aside_count, told(&report.set_aside));
            tracing::warn!(tenant, run = run.folder(), rows, why, "rows of an export were left out");
            Ok(export.bytes)
        }
        CostOutcome::Done(_) | CostOutcome::Known { .. } => Ok(export.bytes),
        CostOutcome::Refused { told: refused, count } => Err(Failure::Refused(format!("{count}: {}", told(&refused)))),
    }
}

/// Where files lie meanwhile.
pub(super) fn place(app: &App) -> std::path::PathBuf {
    app.config.cost.azure.temporary_folder.clone().unwrap_or_else(std::env::temp_dir)
}

/// The first refusals, without the folder that is gone by then.
pub(super) fn told(refused: &[CostRefusal]) -> String {
    let one = |refusal: &CostRefusal| {
        let file = refusal.file.file_name().map(Path::new).unwrap_or(&refusal.file).display();
        match refusal.place {
            Some(place) => format!("{file}, {place}: {}", refusal.reason),
            None => refusal.reason.clone(),
        }
    };
    refused.iter().take(TOLD_MAX).map(one).collect::<Vec<_>>().join("; ")
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
