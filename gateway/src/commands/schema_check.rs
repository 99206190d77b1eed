//! `weft schema check`: what another schema breaks, and for which documents.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;

use super::{
    documents::{label, place, read_manifest},
    migrated_database,
};
use crate::{
    breaking::{Severity, compare},
    config::Loaded,
    documents::verdict::Checker,
};

/// Arguments of `weft schema check`.
#[derive(Debug, Args)]
pub struct SchemaCheckArgs {
    /// The SDL that clients know.
    pub old: PathBuf,
    /// The SDL that they shall have.
    pub new: PathBuf,
    /// Manifests whose documents must go on working; published ones are looked at too where a database is configured.
    #[arg(long, num_args = 1.., value_name = "MANIFEST")]
    pub documents: Vec<PathBuf>,
}

/// A document, and what people know it by.
struct Known {
    label: String,
    text: String,
}

/// Names what breaks. Exit code 1 when anything does.
pub async fn run(loaded: &Loaded, args: &SchemaCheckArgs) -> anyhow::Result<ExitCode> {
    let (old, new) = (read_schema(&args.old, loaded)?, read_schema(&args.new, loaded)?);
    let changes = compare(old.preparer().schema(), new.preparer().schema());
    let mut breaking = 0;
    for change in &changes {
        let severity = match change.severity {
            Severity::Breaking => "breaking",
            Severity::Dangerous => "dangerous",
        };
        breaking += usize::from(change.severity == Severity::Breaking);
        println!("{severity} {}: {}", change.coordinate, change.what);
    }
    let mut broken = 0;
    for document in documents(loaded, args).await? {
        // What did not fit before either is not this change's fault.
        if let Err(refusal) = new.validate(&document.text)
            && old.validate(&document.text).is_ok()
        {
            println!("broken {}{}: {}", document.label, place(&refusal), refusal.message);
            broken += 1;
        }
    }
    println!("{breaking} breaking changes, {} dangerous ones, {broken} broken documents.", changes.len() - breaking);
    Ok(if breaking + broken == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn read_schema(path: &Path, loaded: &Loaded) -> anyhow::Result<Checker> {
    let sdl = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Checker::new(&sdl, &loaded.config.limits).with_context(|| path.display().to_string())
}

/// The documents of manifests, and the published ones.
async fn documents(loaded: &Loaded, args: &SchemaCheckArgs) -> anyhow::Result<Vec<Known>> {
    let mut documents = Vec::new();
    for path in &args.documents {
        let known = |listed| Known { label: format!("{}: {}", path.display(), label(&listed)), text: listed.text };
        documents.extend(read_manifest(path)?.into_iter().map(known));
    }
    if loaded.config.database.url.is_some() {
        let database = migrated_database(loaded).await?;
        let config = &loaded.config.documents;
        let read = database.trusted_documents(config.trusted_max, config.trusted_bytes_max.as_u64()).await;
        let read = read.map_err(|error| anyhow::anyhow!("{}", error.chain()))?;
        database.close().await;
        documents.extend(read.documents.into_iter().map(|document| {
            let client = document.client.map(|client| format!(" of {client}")).unwrap_or_default();
            Known { label: format!("published{client}: {}", document.hash), text: document.text }
        }));
    }
    Ok(documents)
}
