//! `Query`: the roots of all domains, merged.

use async_graphql::MergedObject;

use crate::{catalog_query::CatalogQuery, ownership_query::OwnershipQuery, platform_query::PlatformQuery};

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(PlatformQuery, CatalogQuery, OwnershipQuery);
