//! Relations and facets of written entities. Each row once and in the order of its index, so that Postgres neither looks for
//! duplicates nor jumps about: most of an import's time is spent here.

use sqlx::PgConnection;
use uuid::Uuid;

use super::rows;
use crate::catalog::CatalogDocument;

/// Writes those of `documents` anew; `known` are the entities among them that had some.
pub(super) async fn write(
    connection: &mut PgConnection,
    tenant: &str,
    known: &[Uuid],
    documents: &[(Uuid, &CatalogDocument)],
) -> Result<(), sqlx::Error> {
    if !known.is_empty() {
        for delete in [
            include_str!("../../queries/ingest/relations_delete.sql"),
            include_str!("../../queries/ingest/facets_delete.sql"),
        ] {
            sqlx::query(delete).bind(known).execute(&mut *connection).await?;
        }
    }
    write_relations(connection, tenant, documents).await?;
    write_facets(connection, tenant, documents).await
}

async fn write_relations(
    connection: &mut PgConnection,
    tenant: &str,
    documents: &[(Uuid, &CatalogDocument)],
) -> Result<(), sqlx::Error> {
    let mut relations: Vec<(&str, &str, &str, Uuid)> = Vec::new();
    for (id, document) in documents {
        let own = document.entity_ref.as_str();
        for relation in &document.relations {
            relations.push((own, relation.relation_type, relation.target.as_str(), *id));
            relations.push((relation.target.as_str(), relation.inverse_type, own, *id));
        }
    }
    relations.sort_unstable();
    relations.dedup();
    sqlx::query(include_str!("../../queries/ingest/relations_insert.sql"))
        .bind(tenant)
        .bind(relations.iter().map(|relation| relation.0).collect::<Vec<_>>())
        .bind(relations.iter().map(|relation| relation.1).collect::<Vec<_>>())
        .bind(relations.iter().map(|relation| relation.2).collect::<Vec<_>>())
        .bind(relations.iter().map(|relation| relation.3).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

async fn write_facets(
    connection: &mut PgConnection,
    tenant: &str,
    documents: &[(Uuid, &CatalogDocument)],
) -> Result<(), sqlx::Error> {
    let mut facets: Vec<(&str, String, Uuid)> = Vec::new();
    for (id, document) in documents {
        facets.extend(rows::facets(document).into_iter().map(|(facet, value)| (facet, value, *id)));
    }
    facets.sort_unstable();
    facets.dedup();
    sqlx::query(include_str!("../../queries/ingest/facets_insert.sql"))
        .bind(tenant)
        .bind(facets.iter().map(|facet| facet.0).collect::<Vec<_>>())
        .bind(facets.iter().map(|facet| facet.1.as_str()).collect::<Vec<_>>())
        .bind(facets.iter().map(|facet| facet.2).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
