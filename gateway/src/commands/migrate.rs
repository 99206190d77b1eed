//! `weft migrate`.

use std::process::ExitCode;

use anyhow::Context;

use super::database;
use crate::config::Loaded;

/// Applies missing changes to the database's schema. Replicas that do so at once wait for each other.
pub async fn run(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let database = database(loaded)?;
    database.migrate().await.context("the database's schema could not be changed")?;
    println!("The database's schema is up to date.");
    database.close().await;
    Ok(ExitCode::SUCCESS)
}
