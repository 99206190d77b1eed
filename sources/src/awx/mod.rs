//! AWX and Automation Controller, read live through their REST API: templates of components, their runs and the hosts of
//! these, in batches, cached.
//!
//! `client` makes the calls, `wire` is the JSON, `caches` the caches, `recent` the runs that templates name themselves, `newest` the
//! newest of several templates,
//! `begun` the runs that were created lately, `window` the newest runs of many templates in few calls, `source` what the graph reads, `jobs` and `hosts` the longer
//! ways there.

mod begun;
mod caches;
mod client;
mod config;
mod deployments;
mod host;
mod hosts;
mod jobs;
mod key;
mod links;
mod newest;
mod recent;
mod source;
mod template_id;
#[cfg(test)]
mod tests;
mod webhook;
mod window;
mod windows;
mod wire;

use schema::SourceKind;

use crate::About;

pub use begun::Begun;
pub use config::Config;
pub use jobs::Jobs;
pub use key::{HostsKey, JobKey, JobsKey, TemplateKey};
pub use source::Awx;
pub(crate) use webhook::{is_proven, receive};

/// What this connector is.
pub const ABOUT: About = About {
    kind: SourceKind::Awx,
    connector_version: "1.0.0",
    // AWX versions it is tested with, first and last.
    tested_versions: ("24.6", "24.6"),
};
/// The versions of Automation Controller, which counts on its own: 4.5 came with Automation Platform 2.4.
const CONTROLLER_VERSIONS: (&str, &str) = ("4.5", "4.7");
