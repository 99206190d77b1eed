//! `weft subgraph remove`.

use std::process::ExitCode;

use clap::Args;

use super::tell;
use crate::{
    commands::migrated_database,
    config::Loaded,
    federation::{audited_as, remove},
};

/// Arguments of `weft subgraph remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Its name.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Who removes, for the audit log.
    #[arg(long, value_name = "WHO", default_value = "weft subgraph")]
    pub by: String,
}

/// Removes a subgraph, where the others make a graph without it.
pub async fn run(loaded: &Loaded, args: &RemoveArgs) -> anyhow::Result<ExitCode> {
    let database = migrated_database(loaded).await?;
    let outcome = remove(&database, &args.name, &audited_as(&args.by), &loaded.config.catalog.default_tenant).await;
    database.close().await;
    let outcome = outcome.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    Ok(tell(&outcome, &format!("{} is removed", args.name), &format!("there is no subgraph {}", args.name)))
}
