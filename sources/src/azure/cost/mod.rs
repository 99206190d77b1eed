//! Charges of Azure: which exports a container holds, and how one is fetched. What they say is read by `crate::cost`, and taken over by
//! `crate::ingest`.
//!
//! `config` is the section of the configuration, `run` tells the newest run of each export and period, `fetch` brings one here; `query` asks
//! for days of a `query_scope` that no export tells yet, and `rows` writes the answer as a file like the others.

mod config;
mod fetch;
mod query;
mod query_scope;
mod rows;
mod run;

pub use config::{Config, ExportSource, QuerySource};
pub use fetch::{FetchError, FetchLimits, fetch};
pub use query::{BothCosts, CostOf, CostQueries};
pub use query_scope::QueryScope;
pub use rows::{months, write};
pub use run::{Run, newest};
