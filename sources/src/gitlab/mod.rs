//! GitLab, read live through its GraphQL API: repositories of components, in batches, cached.
//!
//! `client` makes the calls, `wire` is the JSON, `repository` the cache and the way from annotations to records.

mod client;
mod config;
mod repository;
mod wire;

pub use config::Config;
pub use repository::{Gitlab, RepositoryKey};

/// Version of this connector.
pub const CONNECTOR_VERSION: &str = "1.0.0";
/// GitLab versions it is tested with, first and last.
pub const TESTED_VERSIONS: (&str, &str) = ("17.0", "18.6");
