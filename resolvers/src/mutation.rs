//! `Mutation`: the roots of all domains, merged.

use async_graphql::MergedObject;

use crate::{catalog_mutation::CatalogMutation, subgraph_mutation::SubgraphMutation};

/// Everything that can be changed. A refusal that the caller can mend comes back in `userErrors`, everything else in
/// `errors`. A mutation that returned has been stored, audited and announced to subscribers.
#[derive(MergedObject, Default)]
pub struct Mutation(CatalogMutation, SubgraphMutation);
