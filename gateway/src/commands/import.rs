//! `weft import catalog`.

use std::{
    io::{IsTerminal, stderr},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use schema::AuditEntry;
use sources::{
    catalog,
    ingest::{ImportReport, Location},
    postgres::Database,
};

use super::{database, signal::ended_by_signal};
use crate::config::{CatalogConfig, Loaded, is_tenant};

/// Arguments of `weft import catalog`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Files and folders.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Whose catalog; the configured default tenant unless given. It is created when it is new.
    #[arg(long)]
    pub tenant: Option<String>,
}

/// Loads catalog files. Exit code 1 when anything was refused; the rest is loaded all the same.
pub async fn run(loaded: &Loaded, args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let catalog = &loaded.config.catalog;
    let tenant = args.tenant.clone().unwrap_or_else(|| catalog.default_tenant.clone());
    if !is_tenant(&tenant) {
        bail!("`{tenant}` is not a tenant: small letters, digits, - and _");
    }
    let database = database(loaded)?;
    if !database.is_migrated().await.context("the database cannot be read")? {
        bail!("the database lacks schema changes: run `weft migrate` first");
    }
    let import = import_catalog(&database, catalog, &tenant, &args.paths);
    let report = tokio::select! {
        report = import => report?,
        () = ended_by_signal() => bail!("interrupted: the location in progress is as it was before; run the command again"),
    };
    print(&report);
    database.close().await;
    Ok(if report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Loads catalog files and folders, each a location with a transaction of its own.
pub async fn import_catalog(
    database: &Database,
    config: &CatalogConfig,
    tenant: &str,
    paths: &[PathBuf],
) -> anyhow::Result<ImportReport> {
    let limits = config.apply_limits();
    let mut report = ImportReport::default();
    for path in paths {
        // The location is the same from whichever folder the command is run.
        let path = path.canonicalize().with_context(|| format!("{} cannot be read", path.display()))?;
        let target = path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?.to_owned();
        let reading = tokio::task::spawn_blocking(move || {
            catalog::resolve_conflicts(catalog::read_paths(&[path], &catalog::Limits::default()))
        });
        let outcomes = reading.await?;
        let bar = progress_bar(outcomes.len());
        let location = Location { tenant: tenant.to_owned(), location_type: "import", target: target.clone() };
        let audit = AuditEntry {
            subject: "weft import".to_owned(),
            action: "import.catalog".to_owned(),
            target: Some(target),
            ..AuditEntry::default()
        };
        let progress = |documents: usize| bar.inc(u64::try_from(documents).unwrap_or(0));
        let applied = database.apply_location(&location, outcomes, &limits, &audit, &progress).await;
        bar.finish_and_clear();
        report.add(applied.map_err(|error| anyhow::anyhow!("{}", error.chain()))?);
    }
    Ok(report)
}

/// A bar on a terminal; elsewhere nothing but the report.
fn progress_bar(documents: usize) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(documents).unwrap_or(0));
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} documents, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn print(report: &ImportReport) {
    for refusal in &report.refused {
        let place = match (refusal.line, refusal.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", refusal.target),
            (Some(line), None) => format!("{}:{line}", refusal.target),
            _ => refusal.target.clone(),
        };
        eprintln!("refused {place}: {}", refusal.message);
    }
    println!(
        "{} entities loaded: {} new, {} changed, {} as they were. {} orphaned, {} removed, {} refused.",
        report.loaded(),
        report.created,
        report.updated,
        report.unchanged,
        report.orphaned,
        report.removed,
        report.refused.len()
    );
}
