//! Discovery: looks through groups of GitLab for catalog files, and has the import take each over as a location of its own.
//! Projects are listed by last activity, as far back as something may have changed; all of them are now and then, because what is
//! gone is not active any more.
//!
//! `config` says where to look, `scan` is one run over a group, `look` one at a single project, `read` what is asked of GitLab for each project, `project` what
//! becomes of it, `store` what is remembered.

mod config;
mod look;
mod project;
mod read;
mod scan;
mod store;

pub use config::{DiscoveredGroup, DiscoveryConfig};
pub use look::LEASE;
pub use scan::{Scan, ScanReport};
