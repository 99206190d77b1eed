//! From an operation to its plan, by a library behind a trait of ours.

mod aliases;
mod hive;
mod parts;
mod selection;
mod translate;

use std::time::{Duration, Instant};

use async_graphql_parser::types::{ExecutableDocument, OperationType};

use super::{
    canonical::Canonical,
    plan::{Keys, Plan, Step, TYPENAME},
    print::print,
};
use crate::prepare::TypeSystem;

pub use hive::HivePlanner;

/// Plans operations over one supergraph.
pub trait Planner: Send + Sync {
    /// What is to be done for a document with one operation, without fragments that are named; none where nothing is. Blocks for as
    /// long as it takes, `limit` at most. Its response keys are added to `keys`.
    fn steps(&self, document: &str, limit: Duration, keys: &mut Keys) -> Result<Option<Step>, PlanError>;
}

/// Most parts of one operation.
const PARTS_MAX: u32 = 8;

/// The plan of an operation that was lowered: as a whole, or in parts where the planner fails at the whole. Only of queries: parts
/// may be asked for in any order.
pub fn plan(
    planner: &dyn Planner,
    document: &ExecutableDocument,
    (kind, types): (OperationType, &TypeSystem),
    canonical: &mut Canonical,
    limit: Duration,
) -> Result<Plan, PlanError> {
    let (begun, mut keys) = (Instant::now(), Keys::default());
    let (mut waiting, mut steps, mut parts) = (vec![document.clone()], Vec::new(), 1);
    while let Some(document) = waiting.pop() {
        // What is asked about the schema alone, or of nothing that is left.
        if parts::is_empty(&document) {
            continue;
        }
        let text = print(&document, kind, types, canonical)
            .ok_or_else(|| PlanError::Impossible("an operation without a root".to_owned()))?;
        let left = limit.checked_sub(begun.elapsed()).ok_or(PlanError::TooSlow(limit))?;
        match planner.steps(&text, left, &mut keys) {
            Ok(step) => steps.extend(step),
            Err(PlanError::TooSlow(_)) => return Err(PlanError::TooSlow(limit)),
            Err(PlanError::Busy) => return Err(PlanError::Busy),
            Err(PlanError::Impossible(cause)) => match parts::halves(&document) {
                Some((one, other)) if kind == OperationType::Query && parts < PARTS_MAX => {
                    parts += 1;
                    metrics::counter!("weft_federation_plan_parts_total").increment(1);
                    tracing::debug!(cause, "an operation is planned in parts");
                    waiting.extend([one, other]);
                }
                _ => return Err(PlanError::Impossible(cause)),
            },
        }
    }
    let root = if steps.len() > 1 { Some(Step::Parallel(steps)) } else { steps.pop() };
    let typename = keys.of(TYPENAME);
    Ok(Plan { root, keys, typename })
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Others are planned.
    #[error("too many operations are being planned: try again shortly")]
    Busy,
    /// It took too long.
    #[error("planning took longer than {0:?}")]
    TooSlow(Duration),
    /// The operation cannot be planned.
    #[error("{0}")]
    Impossible(String),
}
