//! `weft subgraph check`.

use std::process::ExitCode;

use super::{
    publish::{SubgraphArgs, sdl_of},
    tell_diagnostics,
};
use crate::{
    commands::migrated_database,
    config::Loaded,
    federation::{Publish, check},
};

/// Composes a subgraph with what is published, and changes nothing.
pub async fn run(loaded: &Loaded, args: &SubgraphArgs) -> anyhow::Result<ExitCode> {
    let sdl = sdl_of(loaded, args).await?;
    let database = migrated_database(loaded).await?;
    let what = Publish { name: &args.name, url: &args.url, sdl: &sdl, owner: None };
    let checked = check(&database, &loaded.config.federation, &what).await;
    database.close().await;
    let diagnostics = checked.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    tell_diagnostics(&diagnostics);
    if diagnostics.is_empty() {
        println!("{} fits what is published.", args.name);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} reasons against it.", diagnostics.len());
    Ok(ExitCode::from(1))
}
