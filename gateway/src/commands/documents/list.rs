//! `weft documents list`.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use clap::Args;

use crate::{commands::migrated_database, config::Loaded};

/// Arguments of `weft documents list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those that this client may use.
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
}

/// Prints published documents, the newest first: hash, cost, client and id, with tabs between.
pub async fn run(loaded: &Loaded, args: &ListArgs) -> anyhow::Result<ExitCode> {
    let config = &loaded.config.documents;
    let database = migrated_database(loaded).await?;
    let read = database.trusted_documents(config.trusted_max, config.trusted_bytes_max.as_u64()).await;
    let read = read.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    let is_meant = |client: &Option<String>| match (&args.client, client) {
        (Some(asked), Some(client)) => asked == client,
        _ => true,
    };
    let mut out = stdout().lock();
    for document in read.documents.iter().filter(|document| is_meant(&document.client)) {
        let (client, id) = (document.client.as_deref().unwrap_or("*"), document.id.as_deref().unwrap_or("-"));
        // A reader that closes early, such as `head`, is no error.
        let _ = writeln!(out, "{}\t{}\t{client}\t{id}", document.hash, document.cost);
    }
    if read.left_out > 0 {
        eprintln!("{} more are published than gateways keep: see documents.trusted_max", read.left_out);
    }
    database.close().await;
    Ok(ExitCode::SUCCESS)
}
