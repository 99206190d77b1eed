//! From an operation to its plan, by a library behind a trait of ours.

mod hive;
mod selection;
mod translate;

use std::time::Duration;

use super::plan::Plan;

pub use hive::HivePlanner;

/// Plans operations over one supergraph.
pub trait Planner: Send + Sync {
    /// The plan of a document with one operation, without fragments that are named. Blocks for as long as it takes, `limit` at most.
    fn plan(&self, document: &str, limit: Duration) -> Result<Plan, PlanError>;
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It took too long.
    #[error("planning took longer than {0:?}")]
    TooSlow(Duration),
    /// The operation cannot be planned.
    #[error("{0}")]
    Impossible(String),
}
