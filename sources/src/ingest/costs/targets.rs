//! Asks the catalog what charges can be for.

use sqlx::PgConnection;

use crate::cost::{Mapped, Targets};

/// The annotations that map components to what is charged.
#[derive(Debug, Clone, Copy)]
pub struct Annotations<'a> {
    /// Of Azure's resource groups.
    pub resource_group: &'a str,
    /// Of namespaces.
    pub namespace: &'a str,
    /// Of Terraform's workspaces.
    pub workspace: &'a str,
}

pub(super) async fn load(
    connection: &mut PgConnection,
    tenant: &str,
    annotations: Annotations<'_>,
) -> Result<Targets, sqlx::Error> {
    type Row = (String, bool, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(include_str!("../../../queries/costs/targets.sql"))
        .bind(tenant)
        .bind(annotations.resource_group)
        .bind(annotations.namespace)
        .bind(annotations.workspace)
        .fetch_all(connection)
        .await?;
    let mut targets = Targets::default();
    for (entity_ref, is_component, resource_groups, namespace, workspaces) in rows {
        if is_component {
            let mapped = Mapped {
                resource_groups: resource_groups.as_deref(),
                namespace: namespace.as_deref(),
                workspaces: workspaces.as_deref(),
            };
            targets.add_component(&entity_ref, &mapped);
        } else {
            targets.add_team(&entity_ref);
        }
    }
    Ok(targets)
}
