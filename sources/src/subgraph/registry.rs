//! `Subgraphs`: those that are part of the graph now, for whoever looks after sources.

use std::sync::{Arc, PoisonError, RwLock};

use super::SharedSubgraph;

/// The subgraphs of the newest supergraph. Clones share them.
#[derive(Clone, Default)]
pub struct Subgraphs(Arc<RwLock<Arc<[SharedSubgraph]>>>);

impl Subgraphs {
    /// Those that are part of the graph now, by name.
    pub fn now(&self) -> Arc<[SharedSubgraph]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on these are. Calls of former ones go on.
    pub fn set(&self, subgraphs: Vec<SharedSubgraph>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = subgraphs.into();
    }
}
