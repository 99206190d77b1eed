//! GitLab, read live through its GraphQL API: repositories of components, in batches, cached.
//!
//! `client` makes the calls, `wire` is the JSON, `repository` the way from annotations to
//! records, `caches` what stands between; `calls`, `list`, `wire_list` and `code_owners` are what a repository has besides itself; `commit` and `brought` what a deployment is made of;
//! `deployments` is what the synchronisation reads, `project_list` what discovery does, `webhook` what GitLab tells by itself.

mod brought;
mod caches;
mod calls;
mod client;
mod code_owners;
mod commit;
mod config;
mod deployments;
mod list;
mod partial;
mod project_list;
mod repository;
mod webhook;
mod wire;
mod wire_commit;
mod wire_deployment;
mod wire_list;

use schema::SourceKind;

use crate::About;

pub use brought::{BROUGHT_ROWS, Brought, BroughtKey, BroughtRecord};
pub(crate) use client::PATHS_MAX;
pub use commit::CommitKey;
pub use config::Config;
pub use list::{Item, ListKey, ListKind, ListPage, ListRecord, Place};
pub(crate) use project_list::{FoundFile, FoundProject, ListOrder, ListedProject};
pub(crate) use repository::is_project_path;
pub use repository::{CodeOwnersKey, Gitlab, JobsKey, RepositoryKey};
pub(crate) use webhook::{may_prove, receive};

/// What this connector is.
pub const ABOUT: About = About {
    kind: SourceKind::Gitlab,
    connector_version: "1.0.0",
    // GitLab versions it is tested with, first and last.
    tested_versions: ("17.0", "18.6"),
};
