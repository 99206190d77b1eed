//! `weft documents`: the documents that clients may execute where no others are.

mod check;
mod list;
mod publish;
mod withdraw;

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Loaded;

pub use check::CheckArgs;
pub(super) use check::{label, place, read_manifest};

/// The commands of `weft documents`.
#[derive(Debug, Subcommand)]
pub enum DocumentsCommand {
    /// Holds the documents of manifests against the schema and limits of this binary, without a database.
    Check(CheckArgs),
    /// Checks the documents of manifests and publishes them, all or none.
    Publish(publish::PublishArgs),
    /// Prints what is published.
    List(list::ListArgs),
    /// Takes documents back, so that no gateway knows them any more.
    Withdraw(withdraw::WithdrawArgs),
}

impl DocumentsCommand {
    /// Runs it. Exit code 1 when something was refused.
    pub async fn run(self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        match self {
            Self::Check(args) => check::run(loaded, &args),
            Self::Publish(args) => publish::run(loaded, &args).await,
            Self::List(args) => list::run(loaded, &args).await,
            Self::Withdraw(args) => withdraw::run(loaded, &args).await,
        }
    }
}
