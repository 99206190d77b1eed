//! `weft subgraph publish`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;
use sources::{
    Clock,
    subgraph::Subgraph,
    upstream::{Shared, address_problem},
};
use url::Url;

use super::tell;
use crate::{
    commands::migrated_database,
    config::Loaded,
    federation::{Publish, audited_as, publish},
};

/// A subgraph.
#[derive(Debug, Args)]
pub struct SubgraphArgs {
    /// Its name: a lower-case letter, then letters, digits, `_` and `-`.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Where it answers.
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// A file with its SDL, with the directives of federation.
    #[arg(long, value_name = "FILE", required_unless_present = "introspect")]
    pub sdl: Option<PathBuf>,
    /// Ask the service itself: `{ _service { sdl } }`.
    #[arg(long, conflicts_with = "sdl")]
    pub introspect: bool,
}

/// Arguments of `weft subgraph publish`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    #[command(flatten)]
    pub subgraph: SubgraphArgs,
    /// Reference of the entity that answers for it, such as `group:default/payments`.
    #[arg(long, value_name = "REF")]
    pub owner: Option<String>,
    /// Who publishes, for the audit log.
    #[arg(long, value_name = "WHO", default_value = "weft subgraph")]
    pub by: String,
}

/// Publishes a subgraph.
pub async fn run(loaded: &Loaded, args: &PublishArgs) -> anyhow::Result<ExitCode> {
    let sdl = sdl_of(loaded, &args.subgraph).await?;
    let database = migrated_database(loaded).await?;
    let SubgraphArgs { name, url, .. } = &args.subgraph;
    let what = Publish { name, url, sdl: &sdl, owner: args.owner.as_deref() };
    let tenant = &loaded.config.catalog.default_tenant;
    let outcome = publish(&database, &loaded.config.federation, &what, &audited_as(&args.by), tenant).await;
    database.close().await;
    let outcome = outcome.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    Ok(tell(&outcome, &format!("{name} is published"), &format!("{name} is published just so already")))
}

/// The SDL of the file, or of the service itself.
pub(super) async fn sdl_of(loaded: &Loaded, args: &SubgraphArgs) -> anyhow::Result<String> {
    if let Some(file) = &args.sdl {
        return std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()));
    }
    let url = Url::parse(&args.url).with_context(|| format!("{} is no address", args.url))?;
    if let Some(problem) = address_problem(&url) {
        anyhow::bail!("the address {problem}");
    }
    let clock = Clock::system();
    let shared = Shared { redis: None, clock: &clock };
    let subgraph = Subgraph::new(&args.name, &url, 0, &loaded.config.federation.calls, shared)?;
    subgraph.sdl().await.map_err(|error| anyhow::anyhow!("{url} does not tell its SDL: {}", error.chain()))
}
