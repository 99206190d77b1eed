//! HCP Terraform and Terraform Enterprise, read live through their JSON:API: workspaces of entities, runs, drift, estimates.
//!
//! One paged read of an organization serves every workspace of it (`snapshot`). `key` leads from annotations to workspaces,
//! `source` through the caches, `client` makes the calls; `wire` is the JSON, and `run`, `workspace` and `assessment` what it
//! means.

mod assessment;
mod caches;
mod client;
mod config;
mod deployments;
mod key;
mod run;
mod snapshot;
mod source;
mod status;
mod webhook;
mod wire;
mod workspace;

use schema::SourceKind;

use crate::About;

pub use assessment::{checks, drift};
pub use config::Config;
pub use key::{AssessmentKey, RunKey, RunPageKey, WorkspaceKey};
pub use run::RunPageRecord;
pub use source::Terraform;
pub(crate) use webhook::{SIGNATURE, receive};

/// What this connector is.
pub const ABOUT: About = About {
    kind: SourceKind::Terraform,
    connector_version: "1.0.0",
    // Versions of the API that it is tested with, first and last.
    tested_versions: ("2.5", "2.6"),
};

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    /// The contract data.
    pub(super) fn contracts() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/contracts/terraform")
    }

    /// A file of the contract data; none, and a line that says so, where the data is not at hand.
    pub(super) fn contract(file: &str) -> Option<String> {
        let path = contracts().join(file);
        let text = std::fs::read_to_string(&path).ok();
        if text.is_none() {
            println!("skipped: {} is not there", path.display());
        }
        text
    }
}
