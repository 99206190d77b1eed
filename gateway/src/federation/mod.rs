//! Federation as a gateway: what teams publish is composed with Weft's own schema, operations that reach beyond it are planned
//! by a library and executed here. Operations on Weft's own types alone never come this way.
//!
//! `publish` takes a subgraph in, `compose` makes one graph of all, `refresh` has every replica follow, or follows the file of `ready`,
//! `supergraph` is one version of it. An operation: `print` → `planner` → `plan` → `execute` (`services` asks, `flights` asks once) → `projection` → `answer`. A subscription: `event_plan` does the same for
//! each event; `forward` gets events of a subgraph's own.

mod answer;
mod by_mutation;
mod canonical;
mod clients;
pub mod compose;
mod event_plan;
mod execute;
mod flights;
mod forward;
mod freshness;
mod identity;
mod plan;
mod planner;
mod print;
mod projection;
mod publish;
pub(crate) mod ready;
mod refresh;
mod services;
mod supergraph;
#[cfg(test)]
mod tests;

use std::sync::{Arc, RwLock};

pub use answer::answer;
pub(crate) use by_mutation::PublishedByMutation;
pub use compose::Diagnostic;
pub use event_plan::{EventPlan, Events};
pub use forward::forward;
pub use identity::Identity;
pub use publish::{Publish, Published, audited_as, check, publish, read_only, remove};
pub(crate) use refresh::{load, run};
pub use supergraph::Supergraph;

/// What Weft's own schema is called among the subgraphs.
pub const OWN: &str = "weft";

/// The graph that is served now.
#[derive(Default)]
pub struct Federation {
    current: RwLock<Option<Arc<Supergraph>>>,
    refused: RwLock<Option<String>>,
}

impl Federation {
    /// The composed graph; none where no subgraph is published, or where none of what is published can be composed.
    pub fn current(&self) -> Option<Arc<Supergraph>> {
        self.current.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Why what there is now is not served, but the graph before; none where it is served.
    pub fn refused(&self) -> Option<String> {
        self.refused.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Another graph is there, and cannot be served.
    fn refuse(&self, reasons: String) {
        *self.refused.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(reasons);
    }

    /// From now on this one is served. Operations that have begun end with the one before.
    fn set(&self, supergraph: Option<Arc<Supergraph>>) {
        *self.refused.write().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
        let mut current = self.current.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Subscriptions may hold it for long, and need nothing of what it keeps.
        if let Some(former) = std::mem::replace(&mut *current, supergraph) {
            former.forget();
        }
    }
}
