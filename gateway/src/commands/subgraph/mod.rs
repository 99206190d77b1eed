//! `weft subgraph`: GraphQL services of teams that are part of the graph.

mod check;
mod list;
mod publish;
mod remove;

use std::process::ExitCode;

use clap::Subcommand;

use crate::{
    config::Loaded,
    federation::{Diagnostic, Published, read_only},
};

/// The commands of `weft subgraph`.
#[derive(Debug, Subcommand)]
pub enum SubgraphCommand {
    /// Composes a subgraph with what is published, and publishes it; replicas follow within seconds.
    Publish(publish::PublishArgs),
    /// The same without publishing.
    Check(publish::SubgraphArgs),
    /// Prints what is published.
    List,
    /// Takes a subgraph out of the graph.
    Remove(remove::RemoveArgs),
}

impl SubgraphCommand {
    /// Runs it. Exit code 1 when something was refused.
    pub async fn run(self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        if let Some(reason) = read_only(&loaded.config.federation) {
            // What is published can be looked at all the same.
            if !matches!(self, Self::List) {
                eprintln!("refused: {reason}");
                return Ok(ExitCode::from(1));
            }
            eprintln!("not served: {reason}");
        }
        match self {
            Self::Publish(args) => publish::run(loaded, &args).await,
            Self::Check(args) => check::run(loaded, &args).await,
            Self::List => list::run(loaded).await,
            Self::Remove(args) => remove::run(loaded, &args).await,
        }
    }
}

/// Says what became of a change.
fn tell(outcome: &Published, done: &str, same: &str) -> ExitCode {
    match outcome {
        Published::Changed(version) => println!("{done}: the graph is version {version} now."),
        Published::Same(version) => println!("{same}: the graph stays version {version}."),
        Published::Busy => {
            eprintln!("Nothing is changed: others change the subgraphs all the time. Try again.");
            return ExitCode::from(1);
        }
        Published::Refused(diagnostics) => {
            tell_diagnostics(diagnostics);
            println!("Nothing is changed.");
            return ExitCode::from(1);
        }
    }
    ExitCode::SUCCESS
}

fn tell_diagnostics(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        eprintln!("refused: {diagnostic}");
    }
}
