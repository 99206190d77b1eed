//! `weft import cost`.

use std::{
    io::{IsTerminal, stderr},
    path::PathBuf,
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sources::{
    cost::{Export, Place},
    ingest::{Annotations, CostImport, CostOutcome, CostProgress, CostRefusal},
};

use super::{database, signal::ended_by_signal};
use crate::config::{BadRows, Config, Loaded, is_tenant};

/// The annotation of namespaces, which is Backstage's own.
const NAMESPACE: &str = "backstage.io/kubernetes-namespace";

/// How often a line of progress is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Arguments of `weft import cost`.
#[derive(Debug, Args)]
pub struct ImportCostArgs {
    /// Files that end in .csv, .csv.gz or .parquet, and folders of them; what lies in one folder is one export.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Whose charges; the configured default tenant unless given. It is created when it is new.
    #[arg(long)]
    pub tenant: Option<String>,
    /// What the exports are about, where they tell a part of a billing account only: each scope has its own charges.
    #[arg(long)]
    pub scope: Option<String>,
    /// Takes the place of what is known of a billing account and period, even of sub-accounts that the export lacks.
    #[arg(long)]
    pub replace: bool,
    /// Takes exports over that were taken over before.
    #[arg(long)]
    pub again: bool,
}

/// Loads exports of charges, each in a transaction of its own. Exit code 1 when any was refused or rows were left out.
pub async fn run(loaded: &Loaded, args: &ImportCostArgs) -> anyhow::Result<ExitCode> {
    let config = &loaded.config;
    let tenant = args.tenant.as_ref().unwrap_or(&config.catalog.default_tenant);
    if !is_tenant(tenant) {
        bail!("`{tenant}` is not a tenant: small letters, digits, - and _");
    }
    let mut exports = Vec::new();
    for path in &args.paths {
        let path = path.canonicalize().with_context(|| format!("{} cannot be read", path.display()))?;
        exports.extend(Export::find(&path)?);
    }
    let database = database(loaded)?;
    if !database.is_migrated().await.context("the database cannot be read")? {
        bail!("the database lacks schema changes: run `weft migrate` first");
    }
    let mut is_whole = true;
    for export in &exports {
        let shown = Shown::new(export);
        let progress = |at| shown.show(at);
        let import = CostImport {
            scope: args.scope.as_deref(),
            replaces: args.replace,
            again: args.again,
            ..cost_import(config, tenant, &progress)
        };
        let outcome = tokio::select! {
            outcome = database.import_costs(&import, export) => outcome,
            () = ended_by_signal() => bail!("interrupted: the export in progress is as it was before; run the command again"),
        };
        shown.end();
        let outcome = outcome.map_err(|error| anyhow::anyhow!("{}: {}", export.name, error.chain()))?;
        is_whole &= print(export, &outcome, shown.began.elapsed());
    }
    database.close().await;
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// An import as the configuration says it.
pub fn cost_import<'a>(
    config: &'a Config,
    tenant: &'a str,
    progress: &'a (dyn Fn(CostProgress) + Send + Sync),
) -> CostImport<'a> {
    CostImport {
        tenant,
        subject: "weft import",
        scope: None,
        renaming: &config.cost.focus,
        rules: &config.cost.attribution,
        annotations: Annotations {
            resource_group: &config.sources.azure.annotation,
            namespace: NAMESPACE,
            workspace: &config.sources.terraform.annotation,
        },
        sets_aside: config.cost.bad_rows == BadRows::SetAside,
        replaces: false,
        again: false,
        progress,
    }
}

/// A bar on a terminal; elsewhere a line now and then.
struct Shown {
    name: String,
    bytes: u64,
    bar: Option<ProgressBar>,
    began: Instant,
    told: Mutex<Instant>,
}

impl Shown {
    fn new(export: &Export) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(export.bytes);
            let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}, {msg}, {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        let now = Instant::now();
        Self { name: export.name.clone(), bytes: export.bytes, bar, began: now, told: Mutex::new(now) }
    }

    fn show(&self, at: CostProgress) {
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = at.rows as f64 / seconds.max(0.001);
        if let Some(bar) = &self.bar {
            bar.set_position(at.bytes);
            bar.set_message(format!("{rate:.0} rows/s"));
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if told.elapsed() >= LINE_EVERY {
            *told = Instant::now();
            let left = seconds / at.bytes.max(1) as f64 * self.bytes.saturating_sub(at.bytes) as f64;
            eprintln!("{}: {} rows, {rate:.0} rows/s, {left:.0} s left", self.name, at.rows);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Tells what became of an export; whether all of it was taken over.
fn print(export: &Export, outcome: &CostOutcome, took: Duration) -> bool {
    let name = &export.name;
    match outcome {
        CostOutcome::Done(report) => {
            tell(&report.set_aside, report.set_aside_count);
            println!(
                "{name}: {} charges of {} billing accounts and periods in {:.1} s, {} of these replaced, {} rows left out.",
                report.rows,
                report.slices,
                took.as_secs_f64(),
                report.replaced,
                report.set_aside_count
            );
            report.set_aside_count == 0
        }
        CostOutcome::Known { imported_at, is_replaced } => {
            let since = if *is_replaced { ", and replaced since: --again takes it over all the same" } else { "" };
            println!(
                "{name}: taken over before, at {}{since}. Nothing changed.",
                imported_at.format("%Y-%m-%d %H:%M:%SZ")
            );
            true
        }
        CostOutcome::Refused { told, count } => {
            tell(told, *count);
            let advice = match told.iter().all(|refusal| is_of_row(refusal.place)) {
                true => " `cost.bad_rows = \"set_aside\"` leaves rows out that cannot be used.",
                false => "",
            };
            println!("{name}: nothing taken over.{advice}");
            false
        }
    }
}

/// Whether it is about a row rather than the header or the whole file.
fn is_of_row(place: Option<Place>) -> bool {
    matches!(place, Some(Place::Row(_) | Place::Line(2..)))
}

fn tell(refused: &[CostRefusal], count: u64) {
    for CostRefusal { file, place, reason } in refused {
        match place {
            Some(Place::Line(line)) => eprintln!("refused {}:{line}: {reason}", file.display()),
            Some(place @ Place::Row(_)) => eprintln!("refused {}, {place}: {reason}", file.display()),
            None => eprintln!("refused {}: {reason}", file.display()),
        }
    }
    let more = count.saturating_sub(u64::try_from(refused.len()).unwrap_or(0));
    if more > 0 {
        eprintln!("and {more} more");
    }
}
