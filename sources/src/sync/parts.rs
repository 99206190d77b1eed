//! Which components are mapped to a source, of all tenants.

use std::collections::BTreeMap;

use schema::EntityRef;
use sqlx::{FromRow, types::Json};

use crate::{SourceError, postgres::Database};

/// A component, and what the annotations of a source say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The component.
    pub component: EntityRef,
    /// The values, by annotation.
    pub values: BTreeMap<String, String>,
}

#[derive(FromRow)]
struct Row {
    tenant: String,
    component_ref: String,
    values: Json<BTreeMap<String, String>>,
}

impl Mapped {
    /// The value of an annotation.
    pub fn value(&self, annotation: &str) -> Option<&str> {
        self.values.get(annotation).map(String::as_str)
    }
}

impl Database {
    /// The components with any of these annotations, by tenant, in order; for all tenants: only the ingestion asks.
    pub async fn mapped_components(&self, annotations: &[&str]) -> Result<BTreeMap<String, Vec<Mapped>>, SourceError> {
        let rows = sqlx::query_as::<_, Row>(include_str!("../../queries/deployments/mapped_components.sql"))
            .bind(annotations.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        Ok(by_tenant(self.all("mapped_components", rows).await?))
    }

    /// Those of them of which an annotation holds this text, whatever the case.
    pub async fn components_mapped_to(
        &self,
        annotations: &[&str],
        text: &str,
    ) -> Result<BTreeMap<String, Vec<Mapped>>, SourceError> {
        let rows = sqlx::query_as::<_, Row>(include_str!("../../queries/deployments/mapped_to.sql"))
            .bind(annotations.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
            .bind(text.to_owned());
        Ok(by_tenant(self.all("mapped_to", rows).await?))
    }
}

fn by_tenant(rows: Vec<Row>) -> BTreeMap<String, Vec<Mapped>> {
    let mut mapped: BTreeMap<String, Vec<Mapped>> = BTreeMap::new();
    for Row { tenant, component_ref, values } in rows {
        let component = EntityRef::stored(component_ref);
        mapped.entry(tenant).or_default().push(Mapped { component, values: values.0 });
    }
    mapped
}
