//! `weft subgraph list`.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use chrono::SecondsFormat;

use crate::{commands::migrated_database, config::Loaded};

/// Prints published subgraphs: name, version, address, owner, when and by whom, with tabs between.
pub async fn run(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let database = migrated_database(loaded).await?;
    let set = database.subgraphs().await;
    database.close().await;
    let set = set.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    let mut out = stdout().lock();
    for subgraph in &set.subgraphs {
        let (owner, at) = (subgraph.owner.as_deref().unwrap_or("-"), subgraph.published_at);
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        // A reader that closes early, such as `head`, is no error.
        let _ = writeln!(
            out,
            "{}\t{}\t{}\t{owner}\t{at}\t{}",
            subgraph.name, subgraph.version, subgraph.url, subgraph.published_by
        );
    }
    Ok(ExitCode::SUCCESS)
}
