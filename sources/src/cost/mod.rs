//! Charges as FOCUS, the FinOps Open Cost and Usage Specification, writes them: what a file's columns mean, how a row is read, and for
//! what or whom a charge is. No I/O but reading files; the ingestion writes what comes out of it.
//!
//! `columns` is what a header means, `charge` a row, `moment` and `amount` its cells, `export` which files belong together,
//! `file` how they are opened, `parquet` those that are no CSV; `rules` says what a charge is for, with what `targets` knows of the catalog.

mod amount;
mod charge;
mod columns;
mod export;
mod file;
mod moment;
#[cfg(feature = "parquet")]
mod parquet;
mod rules;
mod targets;

pub use charge::{Charge, RowProblem};
pub use columns::{ColumnProblem, Columns, Renaming};
pub use export::{Basis, Export, ExportProblem};
pub use file::{FileProblem, Place, RowFile};
pub use moment::Moments;
#[cfg(feature = "parquet")]
pub use parquet::ParquetProblem;
pub use rules::{Assignment, Attribution, CostRules, Rule, TargetKind};
pub use targets::{Mapped, Targets};
