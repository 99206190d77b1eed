//! `weft documents withdraw`.

use std::process::ExitCode;

use clap::Args;

use super::publish::client;
use crate::{commands::migrated_database, config::Loaded, documents::normal_id};

/// Arguments of `weft documents withdraw`.
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// SHA-256 of the documents, in hexadecimal.
    #[arg(required = true, value_name = "HASH")]
    pub hashes: Vec<String>,
    /// Only as far as they were published for this client alone.
    #[arg(long, value_name = "NAME", value_parser = client)]
    pub client: Option<String>,
    /// Who withdraws, for the audit log.
    #[arg(long, value_name = "WHO", default_value = "weft documents")]
    pub by: String,
}

/// Withdraws documents. Exit code 1 when none of them was published.
pub async fn run(loaded: &Loaded, args: &WithdrawArgs) -> anyhow::Result<ExitCode> {
    let hashes: Vec<String> = args.hashes.iter().map(|hash| normal_id(hash)).collect();
    let database = migrated_database(loaded).await?;
    let tenant = &loaded.config.catalog.default_tenant;
    let gone = database.withdraw_documents(&hashes, args.client.as_deref(), &args.by, tenant).await;
    let gone = gone.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    database.close().await;
    println!("{gone} documents are withdrawn.");
    Ok(if gone > 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
