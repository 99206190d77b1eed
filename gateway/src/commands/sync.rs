//! `weft sync`: reads deployments from the sources at once, as far back as wanted.

use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sources::{
    Clock, Sources,
    ingest::Lease,
    sync::{DeploymentSource, Pass, PassReport, Progress},
};
use uuid::Uuid;

use super::signal::ended_by_signal;
use crate::{config::Loaded, sync_worker};

/// How often a line of progress is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often a source that a replica is reading is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Arguments of `weft sync`.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// The day from which deployments are read; parts that were read from a later one on are read anew.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<NaiveDate>,
    /// Only this source, by its configured name.
    #[arg(long)]
    pub source: Option<String>,
}

/// Reads all sources, or one. Exit code 1 when some part could not be read; the rest is taken over all the same.
pub async fn run(loaded: Loaded, args: &SyncArgs) -> anyhow::Result<ExitCode> {
    let sources = Sources::build(
        &loaded.config.database,
        &loaded.config.redis,
        &loaded.config.sources,
        &loaded.secrets,
        Clock::system(),
        &loaded.config.catalog.default_tenant,
    )?;
    if !sources.database().is_migrated().await.context("the database cannot be read")? {
        bail!("the database lacks schema changes: run `weft migrate` first");
    }
    let all = sources.deployment_sources();
    let chosen: Vec<&dyn DeploymentSource> = match &args.source {
        None => all,
        Some(name) => {
            let names: Vec<String> = all.iter().map(|source| source.name().to_owned()).collect();
            let chosen: Vec<_> = all.into_iter().filter(|source| source.name() == name).collect();
            if chosen.is_empty() {
                bail!("`{name}` is no source that deployments are read from: there are `{}`", names.join("`, `"));
            }
            chosen
        }
    };
    let mut all_read = true;
    for source in chosen {
        let reading = read(&loaded, &sources, source, args);
        let report = tokio::select! {
            report = reading => report?,
            () = ended_by_signal() => bail!("interrupted: what was written stays, and the next run goes on from there"),
        };
        print(source, &report);
        all_read &= report.failed.is_empty();
    }
    sources.database().close().await;
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn read(
    loaded: &Loaded,
    sources: &Sources,
    source: &dyn DeploymentSource,
    args: &SyncArgs,
) -> anyhow::Result<PassReport> {
    let sync = &loaded.config.sync;
    let holder = Uuid::new_v4();
    let lease = lease(sources, source, holder, sync.lease).await?;
    let progress = Shown::new(source.name());
    let since = args.since.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|midnight| midnight.and_utc());
    let history = chrono::TimeDelta::from_std(sync.history).unwrap_or(chrono::TimeDelta::MAX);
    let pass = Pass {
        database: sources.database(),
        lease: &lease,
        rules: &loaded.config.delivery,
        since: since.unwrap_or_else(|| -> DateTime<Utc> { sources.clock().now() - history }),
        interval: None,
        clock: sources.clock(),
        // History is read on purpose.
        is_announced: false,
        progress: &|at| progress.show(at),
    };
    let report = sync_worker::held(&pass, source, holder, sync.lease).await;
    progress.end();
    let report = report.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    sources.database().sync_release(&lease).await?;
    Ok(report)
}

/// Waits until no replica reads the source.
async fn lease(
    sources: &Sources,
    source: &dyn DeploymentSource,
    holder: Uuid,
    life: Duration,
) -> anyhow::Result<Lease> {
    loop {
        let taken = sources.database().sync_lease(source.name(), holder, life).await;
        match taken.map_err(|error| anyhow::anyhow!("{}", error.chain()))? {
            Some(lease) => return Ok(lease),
            None => tokio::time::sleep(TRY_AGAIN).await,
        }
    }
}

/// A bar on a terminal; elsewhere a line now and then.
struct Shown {
    name: String,
    bar: Option<ProgressBar>,
    told: Mutex<Instant>,
}

impl Shown {
    fn new(name: &str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} parts, {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(name.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { name: name.to_owned(), bar, told: Mutex::new(Instant::now()) }
    }

    fn show(&self, at: Progress) {
        if let Some(bar) = &self.bar {
            bar.set_length(u64::try_from(at.parts).unwrap_or(0));
            bar.set_position(u64::try_from(at.parts_done).unwrap_or(0));
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if told.elapsed() >= LINE_EVERY {
            *told = Instant::now();
            eprintln!("{}: {} of {} parts, {} new deployments", self.name, at.parts_done, at.parts, at.written.created);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn print(source: &dyn DeploymentSource, report: &PassReport) {
    for (part, error) in report.failed.iter().take(20) {
        eprintln!("{} could not be read from {}: {}", part, source.name(), error.chain());
    }
    let written = report.written;
    println!(
        "{}: {} parts read, {} failed. {} deployments new, {} changed, {} as they were, {} of unbelievable times left out.",
        source.name(),
        report.parts_read,
        report.failed.len(),
        written.created,
        written.updated,
        written.unchanged,
        written.refused
    );
}
