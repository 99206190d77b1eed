//! `Query`: the roots of all domains, merged.

use async_graphql::MergedObject;

use crate::{
    catalog_query::CatalogQuery, cost_root::CostRoot, deployment_query::DeploymentQuery, federation::FederationQuery,
    ownership_query::OwnershipQuery, platform_query::PlatformQuery,
};

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(PlatformQuery, CatalogQuery, OwnershipQuery, DeploymentQuery, CostRoot, FederationQuery);

// As clients see it: what only a supergraph asks for is left out. The line below is what they read.
/// Everything that can be read.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct PublicQuery(PlatformQuery, CatalogQuery, OwnershipQuery, DeploymentQuery, CostRoot);
