//! The program behind `make demo` and `make test`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};
use demo::{
    postgres::{Cluster, ClusterConfig, Profile},
    redis::RedisServer,
    up,
};
use gateway::config::Environment;

#[derive(Parser)]
#[command(name = "weft-demo", about = "The whole platform on one machine")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts everything and serves until Ctrl-C.
    Up {
        /// So many entities beyond the standard estate.
        #[arg(long)]
        estate: Option<usize>,
    },
    /// Runs a command with a private PostgreSQL, whose address is in WEFT_TEST_DATABASE_URL, and a private Redis where it is
    /// installed, whose address is in WEFT_TEST_REDIS_URL.
    WithServices {
        /// The folder for its data.
        #[arg(long)]
        folder: PathBuf,
        /// The command.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let environment = Environment::of_process();
    let outcome = match Cli::parse().command {
        Command::Up { estate } => up::run(up::UpArgs { estate, environment }).await.map(|()| ExitCode::SUCCESS),
        Command::WithServices { folder, command } => with_services(folder, &command).await,
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("weft-demo: {error:#}");
        ExitCode::from(2)
    })
}

async fn with_services(folder: PathBuf, command: &[String]) -> anyhow::Result<ExitCode> {
    let redis = RedisServer::start(&folder.join("redis")).await?;
    if redis.is_none() {
        eprintln!("redis-server is not installed: tests that need it are skipped");
    }
    let cluster = Cluster::start(ClusterConfig { folder, profile: Profile::Fast }).await?;
    let (program, arguments) = command.split_first().context("a command is needed")?;
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .env("WEFT_TEST_DATABASE_URL", cluster.url("postgres"))
        .envs(redis.as_ref().map(|redis| ("WEFT_TEST_REDIS_URL", redis.url())))
        .status()
        .await
        .with_context(|| format!("{program} cannot be run"))?;
    cluster.stop().await?;
    if let Some(redis) = redis {
        redis.stop().await?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
