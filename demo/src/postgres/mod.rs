//! A private PostgreSQL for the demo and the tests: found or installed, created, started and stopped by us.
//!
//! It listens on the loopback address alone, has a port and a password of its own and never touches a cluster that
//! somebody else runs. Start reading at [`Cluster::start`].

mod cluster;
mod control;
mod find;
mod install;
mod place;
pub mod plan;
mod process;
mod profile;
mod user;

pub use cluster::{Cluster, ClusterConfig};
pub use find::{OLDEST_MAJOR, Server, servers};
pub use install::ensure_package;
pub use profile::Profile;
