//! `weft documents publish`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use sources::ingest::{Publication, Published};

use super::check::check;
use crate::{commands::migrated_database, config::Loaded};

/// Arguments of `weft documents publish`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Manifests of Apollo, Relay or graphql-codegen.
    #[arg(required = true, value_name = "MANIFEST")]
    pub manifests: Vec<PathBuf>,
    /// The only client that may use them, by the name it sends; any unless given.
    #[arg(long, value_name = "NAME", value_parser = client)]
    pub client: Option<String>,
    /// Who publishes, for the audit log.
    #[arg(long, value_name = "WHO", default_value = "weft documents")]
    pub by: String,
}

/// The name of a client, as headers can carry it.
pub(super) fn client(name: &str) -> Result<String, String> {
    let is_name = (1..=200).contains(&name.len()) && name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_name { Ok(name.to_owned()) } else { Err("must be 1 to 200 printable characters of ASCII".to_owned()) }
}

/// Publishes documents. Nothing is written when one of them is refused.
pub async fn run(loaded: &Loaded, args: &PublishArgs) -> anyhow::Result<ExitCode> {
    let (documents, refused) = check(loaded, &args.manifests)?;
    if refused > 0 {
        println!("Nothing is published: {refused} documents are refused.");
        return Ok(ExitCode::from(1));
    }
    let config = &loaded.config.documents;
    let database = migrated_database(loaded).await?;
    let outcome = database
        .publish_documents(&Publication {
            documents: &documents,
            client: args.client.as_deref(),
            subject: &args.by,
            tenant: &loaded.config.catalog.default_tenant,
            documents_max: config.trusted_max,
            bytes_max: config.trusted_bytes_max.as_u64(),
        })
        .await
        .map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
    database.close().await;
    match outcome {
        Published::New(new) => {
            println!("{} documents: {new} are new.", documents.len());
            return Ok(ExitCode::SUCCESS);
        }
        Published::Conflicts(ids) => eprintln!("refused: these ids stand for other documents: {}", ids.join(", ")),
        Published::TooMany(count, bytes) => eprintln!(
            "refused: {count} documents of {bytes} bytes would be published: documents.trusted_max is {}, documents.trusted_bytes_max {}",
            config.trusted_max, config.trusted_bytes_max
        ),
    }
    println!("Nothing is published.");
    Ok(ExitCode::from(1))
}
