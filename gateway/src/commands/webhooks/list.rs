//! `weft webhooks list`.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use clap::Args;

use crate::{commands::migrated_database, config::Loaded};

/// Arguments of `weft webhooks list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// So many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub most: u32,
}

/// Prints what is in quarantine: id, when it came, sender, what happened, to what, attempts and the last error, with tabs between.
pub async fn run(loaded: &Loaded, args: &ListArgs) -> anyhow::Result<ExitCode> {
    let database = migrated_database(loaded).await?;
    let found = database.quarantined_deliveries(args.most).await;
    let found = found.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    let mut out = stdout().lock();
    for one in &found {
        let error = one.last_error.as_deref().unwrap_or("-");
        // A reader that closes early, such as `head`, is no error.
        let _ = writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{}\t{error}",
            one.id,
            one.received_at.to_rfc3339(),
            one.source,
            one.kind,
            one.object_key,
            one.attempts
        );
    }
    database.close().await;
    Ok(ExitCode::SUCCESS)
}
