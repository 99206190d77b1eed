//! `weft webhooks`: deliveries that were given up.

mod list;
mod replay;

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Loaded;

/// The commands of `weft webhooks`.
#[derive(Debug, Subcommand)]
pub enum WebhooksCommand {
    /// Prints what was given up, the latest first.
    List(list::ListArgs),
    /// Has gateways try it again from the start.
    Replay(replay::ReplayArgs),
}

impl WebhooksCommand {
    /// Runs it. Exit code 1 when there was nothing to replay.
    pub async fn run(self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        match self {
            Self::List(args) => list::run(loaded, &args).await,
            Self::Replay(args) => replay::run(loaded, &args).await,
        }
    }
}
