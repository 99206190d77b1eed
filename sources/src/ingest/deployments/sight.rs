//! Who may see deployments follows who may see their component, in the transaction that changes it.

use std::collections::HashSet;

use sqlx::{FromRow, PgConnection};

use super::owners::{self, OwnerDay};
use crate::ingest::changes::Changed;

#[derive(FromRow)]
struct Sighted {
    component_ref: String,
    is_team_only: bool,
    guardian_ref: Option<String>,
}

/// Lets the deployments of these components be seen by whom they are seen by now. Names those that have deployments which others saw before.
pub(in crate::ingest) async fn follow(
    connection: &mut PgConnection,
    tenant: &str,
    changed: &[Changed],
) -> Result<HashSet<String>, sqlx::Error> {
    let stays: Vec<&Changed> = changed.iter().filter(|change| change.kind != "DELETED").collect();
    let places: Vec<Sighted> = sqlx::query_as(include_str!("../../../queries/deployments/sight_places.sql"))
        .bind(tenant)
        .bind(stays.iter().map(|change| change.entity_ref.as_str()).collect::<Vec<_>>())
        .bind(stays.iter().map(|change| change.now.is_team_only).collect::<Vec<_>>())
        .bind(stays.iter().map(|change| change.now.guardian_ref.as_deref()).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await?;
    if places.is_empty() {
        return Ok(HashSet::new());
    }
    let components: Vec<&str> = places.iter().map(|place| place.component_ref.as_str()).collect();
    let are_team_only: Vec<bool> = places.iter().map(|place| place.is_team_only).collect();
    let guardians: Vec<Option<&str>> = places.iter().map(|place| place.guardian_ref.as_deref()).collect();
    for statement in [
        include_str!("../../../queries/deployments/sight_environment_state.sql"),
        include_str!("../../../queries/deployments/sight_deployment.sql"),
        include_str!("../../../queries/deployments/sight_delivery_month.sql"),
    ] {
        sqlx::query(statement)
            .bind(tenant)
            .bind(&components)
            .bind(&are_team_only)
            .bind(&guardians)
            .execute(&mut *connection)
            .await?;
    }
    let owner_days: Vec<OwnerDay> = sqlx::query_as(include_str!("../../../queries/deployments/sight_delivery_day.sql"))
        .bind(tenant)
        .bind(&components)
        .bind(&are_team_only)
        .bind(&guardians)
        .fetch_all(&mut *connection)
        .await?;
    owners::write(connection, tenant, owner_days).await?;
    Ok(places.into_iter().map(|place| place.component_ref).collect())
}
