//! `HivePlanner`: the query planner of the Hive router.

use std::time::Duration;

use hive_router_query_planner::{
    ast::normalization::normalize_operation,
    planner::{Planner as Hive, PlannerError, QueryPlannerOptions},
    utils::{
        cancellation::{CancellationError, CancellationToken},
        parsing::{safe_parse_operation, safe_parse_schema},
    },
};

use super::{PlanError, Planner, translate::Translation};
use crate::federation::{
    compose::KeyFields,
    plan::{Keys, Step},
};

/// The planner of one supergraph.
pub struct HivePlanner {
    hive: Hive,
    keys: KeyFields,
}

impl HivePlanner {
    /// Prepares to plan over this supergraph. `keys` are the fields of the keys of each type, by service.
    pub fn new(supergraph_sdl: &str, keys: KeyFields) -> Result<Self, PlanError> {
        let impossible = |error: String| PlanError::Impossible(error);
        let document = safe_parse_schema(supergraph_sdl).map_err(|error| impossible(error.to_string()))?;
        let hive = Hive::new_from_supergraph(&document, QueryPlannerOptions::default())
            .map_err(|error| impossible(error.to_string()))?;
        Ok(Self { hive, keys })
    }
}

impl Planner for HivePlanner {
    fn steps(&self, document: &str, limit: Duration, keys: &mut Keys) -> Result<Option<Step>, PlanError> {
        let impossible = |error: String| PlanError::Impossible(error);
        let document = safe_parse_operation(document).map_err(|error| impossible(error.to_string()))?;
        let normalized = normalize_operation(&self.hive.supergraph, &document, None)
            .map_err(|error| impossible(error.to_string()))?;
        let cancellation = CancellationToken::with_timeout(limit);
        let planned =
            self.hive.plan_from_normalized_operation(&normalized.operation, Default::default(), &cancellation);
        match planned {
            Ok(plan) => Translation::new(keys, &self.keys).root(plan).map_err(impossible),
            Err(PlannerError::CancellationError(CancellationError::TimedOut | CancellationError::Cancelled)) => {
                Err(PlanError::TooSlow(limit))
            }
            Err(error) => Err(impossible(error.to_string())),
        }
    }
}
