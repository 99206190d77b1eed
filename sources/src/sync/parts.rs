//! Which components are mapped to a source, of all tenants.

use std::collections::BTreeMap;

use schema::EntityRef;
use sqlx::FromRow;

use crate::{SourceError, postgres::Database};

/// A component, and what its annotation says, or one of the values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The component.
    pub component: EntityRef,
    /// The annotation's value.
    pub value: String,
}

#[derive(FromRow)]
struct Row {
    tenant: String,
    component_ref: String,
    value: String,
}

impl Database {
    /// The components with this annotation, by tenant, in order; for all tenants: only the ingestion asks.
    pub async fn mapped_components(&self, annotation: &str) -> Result<BTreeMap<String, Vec<Mapped>>, SourceError> {
        let rows =
            sqlx::query_as::<_, Row>(include_str!("../../queries/deployments/mapped_components.sql")).bind(annotation);
        let mut mapped: BTreeMap<String, Vec<Mapped>> = BTreeMap::new();
        for Row { tenant, component_ref, value } in self.all("mapped_components", rows).await? {
            mapped.entry(tenant).or_default().push(Mapped { component: EntityRef::stored(component_ref), value });
        }
        Ok(mapped)
    }
}
