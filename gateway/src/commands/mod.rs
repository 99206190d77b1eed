//! The commands of `weft`. Each is a file; each prints what it did on standard output and what went wrong on standard error.

mod config;
mod doctor;
mod documents;
mod import;
mod import_cost;
mod migrate;
mod schema_check;
mod sdl;
mod serve;
mod signal;
mod subgraph;
mod sync;
mod webhooks;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::config::{Config, Environment, Loaded};

pub use import::{ImportArgs, import_catalog};
pub use import_cost::cost_import;
pub use signal::ended_by_signal;

/// One graph over an internal developer platform.
#[derive(Debug, Parser)]
#[command(name = "weft", version, about)]
pub struct Cli {
    /// The configuration; without it the defaults and the environment count.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the graph.
    Serve,
    /// Applies missing changes to the database's schema.
    Migrate,
    /// Loads files into the database.
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// Reads deployments from the sources, as far back as wanted; can be interrupted and run again at any time.
    Sync(sync::SyncArgs),
    /// Prints the schema of the graph.
    Sdl(sdl::SdlArgs),
    /// Documents that clients may execute where no others are.
    Documents {
        #[command(subcommand)]
        what: documents::DocumentsCommand,
    },
    /// GraphQL services of teams that are part of the graph.
    Subgraph {
        #[command(subcommand)]
        what: subgraph::SubgraphCommand,
    },
    /// Deliveries of webhooks that were given up.
    Webhooks {
        #[command(subcommand)]
        what: webhooks::WebhooksCommand,
    },
    /// Looks at changes of the schema.
    Schema {
        #[command(subcommand)]
        what: SchemaCommand,
    },
    /// Looks at the configuration.
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Checks every dependency and names the key at fault.
    Doctor,
}

#[derive(Debug, Subcommand)]
enum Import {
    /// Loads catalog files, and all *.yaml, *.yml and *.json below folders.
    Catalog(ImportArgs),
    /// Loads exports of charges in FOCUS, the FinOps Open Cost and Usage Specification, and their sums.
    Cost(import_cost::ImportCostArgs),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Checks it and prints what is in effect, without secrets.
    Check,
}

#[derive(Debug, Subcommand)]
enum SchemaCommand {
    /// Names what another schema breaks, and the documents that no longer fit it.
    Check(schema_check::SchemaCheckArgs),
}

impl Cli {
    /// Runs the command; the exit code is 0 when all went well, 1 when something was refused, 2 when the command failed.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if let Command::Sdl(args) = &self.command {
            return sdl::run(args);
        }
        let loaded = Config::load(self.config.as_deref(), &Environment::of_process())?;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if let threads @ 1.. = loaded.config.server.worker_threads {
            runtime.worker_threads(threads);
        }
        let runtime = runtime.enable_all().build().context("threads cannot be started")?;
        runtime.block_on(self.command.run(loaded))
    }
}

impl Command {
    async fn run(self, loaded: Loaded) -> anyhow::Result<ExitCode> {
        match self {
            Command::Serve => serve::run(loaded).await,
            Command::Migrate => migrate::run(&loaded).await,
            Command::Import { what: Import::Catalog(args) } => import::run(&loaded, &args).await,
            Command::Import { what: Import::Cost(args) } => import_cost::run(&loaded, &args).await,
            Command::Config { what: ConfigCommand::Check } => config::run(&loaded),
            Command::Documents { what } => what.run(&loaded).await,
            Command::Subgraph { what } => what.run(&loaded).await,
            Command::Webhooks { what } => what.run(&loaded).await,
            Command::Schema { what: SchemaCommand::Check(args) } => schema_check::run(&loaded, &args).await,
            Command::Doctor => doctor::run(loaded).await,
            Command::Sync(args) => sync::run(loaded, &args).await,
            Command::Sdl(args) => sdl::run(&args),
        }
    }
}

/// Opens the database that the configuration names.
fn database(loaded: &Loaded) -> anyhow::Result<sources::postgres::Database> {
    Ok(sources::postgres::Database::open(&loaded.config.database, sources::Clock::system())?)
}

/// The same, when its schema is that of this binary.
async fn migrated_database(loaded: &Loaded) -> anyhow::Result<sources::postgres::Database> {
    let database = database(loaded)?;
    if !database.is_migrated().await.context("the database cannot be read")? {
        anyhow::bail!("the database lacks schema changes: run `weft migrate` first");
    }
    Ok(database)
}
