//! `weft webhooks replay`.

use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use crate::{commands::migrated_database, config::Loaded};

/// Arguments of `weft webhooks replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Ids, as `weft webhooks list` prints them.
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    pub ids: Vec<Uuid>,
    /// All of them.
    #[arg(long)]
    pub all: bool,
    /// Who asks for it, for the audit log.
    #[arg(long, value_name = "WHO", default_value = "weft webhooks")]
    pub by: String,
}

/// Has deliveries tried again. Exit code 1 when none of them was in quarantine.
pub async fn run(loaded: &Loaded, args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let database = migrated_database(loaded).await?;
    let tenant = &loaded.config.catalog.default_tenant;
    let ids = (!args.all).then_some(args.ids.as_slice());
    let count = database.replay_deliveries(ids, &args.by, tenant).await;
    let count = count.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    database.close().await;
    println!("{count} deliveries are tried again.");
    Ok(if count > 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
