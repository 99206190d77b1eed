//! Azure, read live: the resources of groups and tags through Resource Graph, many groups in one query, and the alerts of
//! subscriptions, cached.
//!
//! Charges are read too: `storage` fetches the files of exports, `cost` says which, and asks for what no export tells yet.
//!
//! `client` makes the calls, `token` keeps the access token, `kql` words the queries, `wire` is the JSON, `scope` what annotations
//! name, `reach` which subscriptions a tenant may read, `caches` what is kept and how it is fetched, `source` the way from annotations
//! to records.

mod caches;
mod client;
mod config;
pub mod cost;
mod kql;
mod reach;
mod scope;
mod source;
mod storage;
#[cfg(test)]
mod tests;
mod token;
mod webhook;
mod wire;

use schema::SourceKind;

use crate::About;

pub use caches::{CloudAlerts, CloudResources};
pub use config::Config;
pub use scope::{CloudAlertsKey, CloudResourcesKey};
pub use source::Azure;
pub use storage::{Blob, Storage};
pub(crate) use webhook::{is_proven, receive};

/// What this connector is.
pub const ABOUT: About = About {
    kind: SourceKind::Azure,
    connector_version: "1.0.0",
    // Versions of Resource Graph that it is tested with, first and last.
    tested_versions: ("2022-10-01", "2022-10-01"),
};
