//! `weft-load`: what the gateway can take, beside ceilings taken in the same run. See `README.md`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod ceilings;
mod chart;
mod child;
mod client;
mod costs;
mod cpu;
mod estate;
mod explain;
mod fair;
mod federated;
mod figures;
mod gateway;
mod goals;
mod history;
mod live;
mod machine;
mod operation;
mod pgbench;
mod place;
mod platform;
mod report;
mod rounds;
mod run;
mod sample;
mod stitched;
mod tally;
mod turn;
mod viewer;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::bail;
use clap::{Parser, Subcommand};
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "weft-load", about = "The load test")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures; `make load` and `make load-quick` call it.
    Run {
        /// Fewer and shorter rounds over a smaller estate.
        #[arg(long)]
        quick: bool,
        /// Generated entities; 100,000, or 10,000 with `--quick`.
        #[arg(long)]
        estate: Option<usize>,
        /// Rounds; 5, or 3 with `--quick`.
        #[arg(long)]
        rounds: Option<usize>,
        /// Callers that ask at once, of every target alike.
        #[arg(long, default_value_t = 8)]
        clients: usize,
        /// Only this operation; may be repeated.
        #[arg(long = "operation")]
        operations: Vec<String>,
    },
    /// Writes how Postgres runs the statements of each operation into `loadtest/explain`, and fails when one reads a whole
    /// table without need.
    Explain {
        /// Generated entities.
        #[arg(long, default_value_t = 100_000)]
        estate: usize,
        /// Writes nothing: fails where a plan is not the one that is written.
        #[arg(long)]
        check: bool,
    },
    /// Puts every upstream through every fault while others keep asking, and fails where that does harm.
    Faults {
        /// Few faults, short windows, and no judgement of latencies.
        #[arg(long)]
        quick: bool,
        /// Only this upstream, such as `gitlab`.
        #[arg(long)]
        upstream: Option<String>,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Asks two replicas for twenty times as much as the upstreams take, and fails where one of them has to refuse.
    Quota {
        /// Windows of a minute.
        #[arg(long, default_value_t = 3)]
        minutes: u32,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Asks for more than is granted and for more than can be done, and fails where that is not shared fairly or refused quickly.
    Fair {
        /// Only this part: `limits`, `noisy` or `overload`.
        #[arg(long)]
        part: Option<String>,
        /// Seconds that each load lasts.
        #[arg(long, default_value_t = 120)]
        seconds: u64,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Has many subscribe, and fails where events do not come as fast, as evenly or as surely as they should.
    Live {
        /// Only this part: `fanout`, `filters`, `slow`, `drain`, `rolling` or `webhooks`; or `fold`, which is run only when it is asked for.
        #[arg(long)]
        part: Option<String>,
        /// No judgement of how long `fold` takes to heal: only whether it does, within minutes.
        #[arg(long)]
        quick: bool,
        /// Subscribers of `fanout`; the other parts have at most a thousand.
        #[arg(long, default_value_t = 10_000)]
        subscribers: usize,
        /// Rounds of `fanout`.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// Seconds for which slow ones do not read.
        #[arg(long, default_value_t = 30)]
        seconds: u64,
        /// Changes of the catalog in `fold`.
        #[arg(long, default_value_t = 100_000)]
        changes: usize,
        /// At most so many of them a second.
        #[arg(long, default_value_t = 200.0)]
        rate: f64,
        /// How often `fold` kills a replica.
        #[arg(long, default_value_t = 20)]
        kills: usize,
        /// Webhooks that `webhooks` sends.
        #[arg(long, default_value_t = 10_000)]
        hooks: usize,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Measures the page that is stitched of all upstreams alone, which `run` measures too.
    Stitched {
        /// Rounds.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Measures what a subgraph costs: those who ask only for Weft's own types, and those whose answers pass through.
    Federated {
        /// Shorter rounds, and three of them.
        #[arg(long)]
        quick: bool,
        /// Rounds; 5, or 3 with `--quick`, and never fewer: noise of one or two is luck.
        #[arg(long)]
        rounds: Option<usize>,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Reads the deployments of many projects, once undisturbed and once killed on the way, and compares the tables.
    Backfill {
        /// Projects, each with about eleven deployments.
        #[arg(long, default_value_t = 10_000)]
        projects: usize,
        /// How often the reader is killed.
        #[arg(long, default_value_t = 20)]
        kills: u32,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Measures lists and DORA's measures among many deployments, beside a hundred thousand.
    Deployments {
        /// Deployments.
        #[arg(long, default_value_t = 1_000_000)]
        rows: usize,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Takes charges over and measures the questions of dashboards, over a tenth of them and over all.
    Costs {
        /// Charges.
        #[arg(long, default_value_t = 10_000_000)]
        rows: usize,
        /// Another program of the gateway than the release build.
        #[arg(long)]
        program: Option<PathBuf>,
    },
    /// Gives what is published to all who subscribed and does nothing else; the load test starts it by itself.
    ServeBroadcast,
    /// Answers as a subgraph does, at once; the load test starts it by itself.
    ServeFeatures,
    /// Serves the ceilings; the load test starts it by itself.
    ServeCeilings {
        /// The folder with one answer of each operation.
        #[arg(long)]
        answers: PathBuf,
        /// The database.
        #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
        database_url: String,
    },
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let runtime = match command {
        // On one thread nothing wakes another thread: for short statements that is faster than on several.
        Command::ServeCeilings { .. } | Command::ServeBroadcast | Command::ServeFeatures => {
            Builder::new_current_thread().enable_all().build()
        }
        _ => Builder::new_multi_thread().enable_all().build(),
    };
    let work = async {
        tokio::select! {
            outcome = run(command) => outcome,
            () = interrupted() => Err(anyhow::anyhow!("interrupted")),
        }
    };
    let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(work));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weft-load: {error:#}");
            ExitCode::from(1)
        }
    }
}

/// Ctrl-C or SIGTERM. What was started ends with the handles that are dropped then.
async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run { quick, estate, rounds, clients, operations } => {
            let plan = turn::Plan { clients: clients.clamp(1, 256), ..plan(quick, rounds) };
            let estate = estate.unwrap_or(if quick { 10_000 } else { 100_000 });
            check(estate)?;
            run::run(run::RunArgs { estate, plan, operations }).await
        }
        Command::Explain { estate, check: only_checks } => {
            check(estate)?;
            explain::run(estate, only_checks).await
        }
        Command::Faults { quick, upstream, program } => {
            stitched::run_faults(stitched::FaultArgs { quick, upstream, program }).await
        }
        Command::Quota { minutes, program } => stitched::run_quota(minutes.clamp(2, 10), program).await,
        Command::Fair { part, seconds, program } => {
            let lasting = Duration::from_secs(seconds.clamp(8, 600));
            fair::run(fair::FairArgs { part, lasting, program }).await
        }
        Command::Live { part, quick, subscribers, rounds, seconds, changes, rate, kills, hooks, program } => {
            let (subscribers, rounds) = (subscribers.clamp(10, 19_000), rounds.clamp(1, 20));
            let (seconds, changes, kills) = (seconds.clamp(2, 50), changes.clamp(100, 1_000_000), kills.min(100));
            let (rate, hooks) = (rate.clamp(1.0, 100_000.0), hooks.clamp(200, 100_000));
            live::run(live::LiveArgs {
                part,
                judges_times: !quick,
                subscribers,
                rounds,
                seconds,
                changes,
                rate,
                kills,
                hooks,
                program,
            })
            .await
        }
        Command::ServeBroadcast => live::serve_broadcast().await,
        Command::Stitched { rounds, program } => stitched::run_cost(plan(false, Some(rounds)), program).await,
        Command::Federated { quick, rounds, program } => {
            federated::run(plan(quick, rounds.map(|rounds| rounds.max(3))), program).await
        }
        Command::ServeFeatures => federated::serve_features().await,
        Command::Backfill { projects, kills, program } => {
            history::run_backfill(projects.clamp(10, 100_000), kills.min(100), program).await
        }
        Command::Deployments { rows, program } => history::run_found(rows.clamp(10_000, 20_000_000), program).await,
        Command::Costs { rows, program } => costs::run(rows.clamp(100_000, 50_000_000), program).await,
        Command::ServeCeilings { answers, database_url } => {
            ceilings::serve(&database_url, &answers, viewer::Viewer::engineer()?).await
        }
    }
}

fn plan(quick: bool, rounds: Option<usize>) -> turn::Plan {
    turn::Plan {
        clients: 8,
        rounds: rounds.unwrap_or(if quick { 3 } else { 5 }).clamp(1, 20),
        lasting: Duration::from_secs(if quick { 1 } else { 2 }),
        warm_up: Duration::from_millis(if quick { 150 } else { 300 }),
        with_warm: !quick,
    }
}

fn check(estate: usize) -> anyhow::Result<()> {
    if !(2_000..=200_000).contains(&estate) {
        bail!("an estate has 2,000 to 200,000 generated entities");
    }
    Ok(())
}
