//! `weft documents check`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Args;
use sources::postgres::TrustedDocument;

use crate::{
    config::Loaded,
    documents::{
        manifest::{self, Listed},
        verdict::Checker,
    },
    prepare::Refusal,
};

/// Largest manifest, in bytes.
const MANIFEST_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Arguments of `weft documents check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Manifests of Apollo, Relay or graphql-codegen.
    #[arg(required = true, value_name = "MANIFEST")]
    pub manifests: Vec<PathBuf>,
}

/// Prints the cost of each document and what is wrong with those that would be refused.
pub fn run(loaded: &Loaded, args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let (good, refused) = check(loaded, &args.manifests)?;
    println!("{} documents are good, {refused} are refused.", good.len());
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The documents of manifests that this binary would execute, each once, and how many it would refuse. Tells of each.
pub(super) fn check(loaded: &Loaded, manifests: &[PathBuf]) -> anyhow::Result<(Vec<TrustedDocument>, usize)> {
    let checker = Checker::new(&resolvers::sdl::whole(), &loaded.config.limits)?;
    let mut good: Vec<TrustedDocument> = Vec::new();
    let mut hash_of_id: HashMap<String, String> = HashMap::new();
    let mut refused = 0;
    for path in manifests {
        for listed in read_manifest(path)? {
            let (file, label) = (path.display(), label(&listed));
            let taken = listed.id.as_ref().and_then(|id| hash_of_id.insert(id.clone(), listed.hash.clone()));
            if taken.is_some_and(|hash| hash != listed.hash) {
                eprintln!("refused {file}: {label}: its id stands for another document as well");
                refused += 1;
                continue;
            }
            match checker.check(&listed) {
                Ok(cost) => {
                    println!("{file}: {label}: {cost} points");
                    let Listed { id, hash, text, .. } = listed;
                    let cost = i64::try_from(cost).unwrap_or(i64::MAX);
                    let document = TrustedDocument { hash, id, client: None, text, cost };
                    if !good.contains(&document) {
                        good.push(document);
                    }
                }
                Err(refusal) => {
                    eprintln!("refused {file}: {label}{}: {}", place(&refusal), refusal.message);
                    refused += 1;
                }
            }
        }
    }
    Ok((good, refused))
}

/// The documents of a manifest.
pub(in crate::commands) fn read_manifest(path: &Path) -> anyhow::Result<Vec<Listed>> {
    let named = || path.display().to_string();
    let length = std::fs::metadata(path).with_context(named)?.len();
    if length > MANIFEST_BYTES_MAX {
        bail!("{}: a manifest may have {MANIFEST_BYTES_MAX} bytes, and this has {length}", path.display());
    }
    let text = std::fs::read_to_string(path).with_context(named)?;
    manifest::read(&text).with_context(named)
}

/// What a document is called for people: the name of its operation, else its id.
pub(in crate::commands) fn label(listed: &Listed) -> String {
    listed.name.as_ref().or(listed.id.as_ref()).unwrap_or(&listed.hash).clone()
}

/// Where in a document the first thing is wrong, as `:line:column`.
pub(in crate::commands) fn place(refusal: &Refusal) -> String {
    refusal.locations.first().map_or_else(String::new, |(line, column)| format!(":{line}:{column}"))
}
