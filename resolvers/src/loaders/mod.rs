//! Loaders: many keys become one call. A loader reads through the caller's eyes and lives for one request.
//!
//! A key whose arguments come from the client has an outcome of its own, so one bad cursor does not spoil its neighbours.

mod automation;
mod cloud_resource;
mod cost;
mod deployment;
mod entity;
mod healed;
mod history;
mod last_read;
mod live;
mod processing_error;
mod references;
mod related;
mod relation;
mod repository;
mod terraform;
mod workload;

use std::{collections::HashMap, hash::Hash, sync::Arc};

use schema::Visibility;
use sources::{SourceError, Sources, cache::Access};

pub use cost::{
    CostCommitmentsKey, CostDeploymentsKey, CostKey, CostLineKey, CostLinesCountKey, CostLinesKey, CostTagsKey,
};
pub use deployment::{DeliveryKey, DeploymentCountKey, DeploymentKey, DeploymentPageKey, EnvironmentsKey};
pub use entity::IdKey;
pub use healed::HealedKey;
pub use history::{RevisionCountKey, RevisionPageKey};
pub use last_read::LastReadKey;
pub use live::{Live, LiveKey, LiveOutcomes};
pub use processing_error::ProcessingErrorKey;
pub use references::References;
pub use related::{RelatedCountKey, RelatedFacetKey, RelatedPageKey};
pub use relation::{RelationCountKey, RelationPageKey};
pub use workload::{BuildKey, EventsKey, NotReadyKey, PodsKey, RoutesKey};

/// An outcome of one key.
pub type Outcome<T> = Result<T, SourceError>;

/// Reads on behalf of one caller.
pub struct Reader {
    sources: Sources,
    visibility: Arc<Visibility>,
    access: Access,
}

impl Reader {
    /// A reader for this caller.
    pub fn new(sources: Sources, visibility: Arc<Visibility>, access: Access) -> Self {
        Self { sources, visibility, access }
    }
}

/// Keys with equal arguments, together: each group is one statement.
fn grouped<'a, K, A: Hash + Eq, P>(keys: &'a [K], split: impl Fn(&'a K) -> (A, P)) -> HashMap<A, Vec<P>> {
    let mut groups: HashMap<A, Vec<P>> = HashMap::new();
    for key in keys {
        let (arguments, parent) = split(key);
        groups.entry(arguments).or_default().push(parent);
    }
    groups
}
