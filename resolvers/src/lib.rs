//! The graph: objects, roots and loaders. Thin by intent: which row, which call and which words stand elsewhere.
//!
//! No SQL, no address, no wire type and no HTTP header is known here. Start at `query.rs`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod ages;
pub mod cache_control;
mod catalog_mutation;
mod catalog_query;
mod connection;
mod cost;
mod cost_root;
mod costs;
mod deployment_query;
pub mod error;
mod federation;
mod flush;
pub mod live;
mod loaders;
mod mutation;
mod objects;
mod ownership_query;
mod platform_query;
mod query;
mod records;
mod request;
pub mod sdl;
mod subgraph_mutation;
mod subgraph_registry;

use async_graphql::{EmptySubscription, ValidationMode};

pub use ages::Ages;
pub use federation::REPRESENTATIONS_MAX;
pub use flush::FlushQueue;
pub use mutation::Mutation;
pub use query::Query;
pub use records::{KeptLists, ListOutcome, Pieces, Point, write_moment_micros, write_text, write_value};
pub use request::{
    Audit, Caller, CostOptions, Freshness, Locations, Options, PathSegment, Receipt, RequestData, StaleMark, Standing,
};
pub use subgraph_registry::{ChangedBy, Changing, SubgraphChange, SubgraphRegistry};

/// The executable graph.
pub type Graph = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// Builds the graph. It holds no state of its own: everything a resolver needs comes with the request.
pub fn graph() -> Graph {
    async_graphql::Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .disable_suggestions()
        // Whoever executes has validated already; the depth is bounded by then, introspection's included.
        .validation_mode(ValidationMode::Fast)
        .limit_recursive_depth(128)
        .finish()
}
