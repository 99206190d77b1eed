//! The program behind `make demo` and `make test`.

use std::{
    path::PathBuf,
    process::{ExitCode, ExitStatus},
};

use anyhow::Context;
use clap::{Parser, Subcommand};
use demo::{
    postgres::{Cluster, ClusterConfig, Profile},
    redis::RedisServer,
    up,
};
use gateway::config::Environment;
use tokio::{
    process::Child,
    signal::unix::{SignalKind, signal},
};

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
    let child = tokio::process::Command::new(program)
        .args(arguments)
        .env("WEFT_TEST_DATABASE_URL", cluster.url("postgres"))
        .envs(redis.as_ref().map(|redis| ("WEFT_TEST_REDIS_URL", redis.url())))
        .spawn()
        .with_context(|| format!("{program} cannot be run"))?;
    let status = end_of(child).await?;
    cluster.stop().await?;
    if let Some(redis) = redis {
        redis.stop().await?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

/// Waits for the end of the command, whatever signal comes meanwhile: the servers are stopped after it. Ctrl-C goes to the command as
/// well, SIGTERM comes to us alone and is passed on.
async fn end_of(mut child: Child) -> anyhow::Result<ExitStatus> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                if let Some(pid) = child.id() {
                    // The shell's own `kill`: a slim image has no program of that name.
                    tokio::process::Command::new("sh").args(["-c", r#"kill "$1""#, "sh", &pid.to_string()]).status().await?;
                }
            }
        }
    }
}
