//! Charges of Azure: which exports a container holds, and how one is fetched. What they say is read by `crate::cost`, and taken over by
//! `crate::ingest`.
//!
//! `config` is the section of the configuration, `run` tells the newest run of each export and period, `fetch` brings one here.

mod config;
mod fetch;
mod run;

pub use config::{Config, ExportSource};
pub use fetch::{FetchError, FetchLimits, fetch};
pub use run::{Run, newest};
