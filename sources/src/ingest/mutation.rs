//! What mutations of the graph write: each in one transaction with its history, its line in the change log and its audit record.
//! A refusal that the caller can mend changes nothing, and is audited as refused.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schema::{AuditEntry, EntityRef, LocationType, UserError, UserErrorCode, Visibility};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, QueryBuilder};
use uuid::Uuid;

use super::{
    audit, batch,
    removal::{self, Leaving},
};
use crate::{
    SourceError,
    catalog::CatalogDocument,
    postgres::{Database, push_visible},
};

/// What became of a write: done, or refused with what the caller can mend.
pub type Written<T> = Result<T, UserError>;

impl Database {
    /// Registers a location; answers the entity that stands for it. The target must have been checked.
    pub async fn location_register(
        &self,
        visibility: &Visibility,
        location_type: LocationType,
        target: &str,
        locations_max: usize,
        entry: &AuditEntry,
    ) -> Result<Written<EntityRef>, SourceError> {
        let digest = hex::encode(Sha256::digest(format!("{}:{target}", location_type.as_str())));
        let name = format!("generated-{}", digest.get(..40).unwrap_or(&digest));
        let entity_ref = EntityRef::of("location", "default", &name);
        self.changed("location_register", async {
            let mut transaction = self.writers().begin().await?;
            let at = begin(&mut transaction, &visibility.tenant).await?;
            let count: i64 = sqlx::query_scalar(include_str!("../../queries/locations/locations_registered.sql"))
                .bind(&visibility.tenant)
                .fetch_one(&mut *transaction)
                .await?;
            let refusal = if usize::try_from(count).unwrap_or(usize::MAX) >= locations_max {
                let message = format!("{locations_max} locations are registered already: unregister one first");
                Some(UserError::of_input("target", UserErrorCode::LimitExceeded, message))
            } else {
                let inserted: Option<Uuid> =
                    sqlx::query_scalar(include_str!("../../queries/locations/location_register.sql"))
                        .bind(Uuid::now_v7())
                        .bind(&visibility.tenant)
                        .bind(location_type.as_str())
                        .bind(target)
                        .bind(entity_ref.as_str())
                        .bind(&visibility.subject)
                        .bind(at)
                        .fetch_optional(&mut *transaction)
                        .await?;
                let conflict =
                    || UserError::of_input("target", UserErrorCode::Conflict, "this location is registered already");
                inserted.is_none().then(conflict)
            };
            if let Some(refusal) = refusal {
                return refuse(self, transaction, visibility, entry, refusal).await;
            }
            let document = location_document(&entity_ref, location_type.as_str(), target);
            let context = batch::Context {
                tenant: &visibility.tenant,
                actor: &visibility.subject,
                location_id: None,
                at,
                standing: &HashMap::new(),
            };
            batch::apply(&mut transaction, &context, &[document]).await?;
            audit::append(&mut transaction, &visibility.tenant, entry, at).await?;
            transaction.commit().await?;
            Ok(Ok(entity_ref))
        })
        .await
    }

    /// Stops reading a location; what it declares becomes orphans.
    pub async fn location_unregister(
        &self,
        visibility: &Visibility,
        entity_ref: &EntityRef,
        entry: &AuditEntry,
    ) -> Result<Written<()>, SourceError> {
        self.changed("location_unregister", async {
            let mut transaction = self.writers().begin().await?;
            let at = begin(&mut transaction, &visibility.tenant).await?;
            let Some(entity) = visible_entity(&mut transaction, visibility, entity_ref).await? else {
                return refuse(self, transaction, visibility, entry, not_found(entity_ref)).await;
            };
            let declared: Vec<Uuid> = sqlx::query_scalar(include_str!("../../queries/locations/location_declared.sql"))
                .bind(&visibility.tenant)
                .bind(entity_ref.as_str())
                .fetch_all(&mut *transaction)
                .await?;
            removal::orphan(&mut transaction, &visibility.tenant, &visibility.subject, at, &declared).await?;
            let deleted: Option<Uuid> = sqlx::query_scalar(include_str!("../../queries/locations/location_delete.sql"))
                .bind(&visibility.tenant)
                .bind(entity_ref.as_str())
                .fetch_optional(&mut *transaction)
                .await?;
            if deleted.is_none() {
                let message = "this is not a registered location: remove it where it is declared";
                let refusal = UserError::of_input("ref", UserErrorCode::ReadOnly, message);
                return refuse(self, transaction, visibility, entry, refusal).await;
            }
            removal::remove(&mut transaction, &visibility.tenant, &visibility.subject, at, vec![entity]).await?;
            audit::append(&mut transaction, &visibility.tenant, entry, at).await?;
            transaction.commit().await?;
            Ok(Ok(()))
        })
        .await
    }

    /// Has an entity's location read again as soon as possible.
    pub async fn entity_refresh(
        &self,
        visibility: &Visibility,
        entity_ref: &EntityRef,
        entry: &AuditEntry,
    ) -> Result<Written<()>, SourceError> {
        self.changed("entity_refresh", async {
            let mut transaction = self.writers().begin().await?;
            let at = begin(&mut transaction, &visibility.tenant).await?;
            if visible_entity(&mut transaction, visibility, entity_ref).await?.is_none() {
                return refuse(self, transaction, visibility, entry, not_found(entity_ref)).await;
            }
            let refreshed: Option<Uuid> =
                sqlx::query_scalar(include_str!("../../queries/locations/location_refresh.sql"))
                    .bind(&visibility.tenant)
                    .bind(entity_ref.as_str())
                    .bind(at)
                    .fetch_optional(&mut *transaction)
                    .await?;
            if refreshed.is_none() {
                let message =
                    "no registered location declares it: it was loaded by `weft import catalog`, run that again";
                let refusal = UserError::of_input("ref", UserErrorCode::ReadOnly, message);
                return refuse(self, transaction, visibility, entry, refusal).await;
            }
            audit::append(&mut transaction, &visibility.tenant, entry, at).await?;
            transaction.commit().await?;
            Ok(Ok(()))
        })
        .await
    }

    /// Removes an entity for good.
    pub async fn entity_remove(
        &self,
        visibility: &Visibility,
        entity_ref: &EntityRef,
        entry: &AuditEntry,
    ) -> Result<Written<()>, SourceError> {
        self.changed("entity_remove", async {
            let mut transaction = self.writers().begin().await?;
            let at = begin(&mut transaction, &visibility.tenant).await?;
            let Some(entity) = visible_entity(&mut transaction, visibility, entity_ref).await? else {
                return refuse(self, transaction, visibility, entry, not_found(entity_ref)).await;
            };
            let is_registered: bool =
                sqlx::query_scalar("select exists (select 1 from location where tenant = $1 and ref = $2)")
                    .bind(&visibility.tenant)
                    .bind(entity_ref.as_str())
                    .fetch_one(&mut *transaction)
                    .await?;
            if is_registered {
                let message = "it stands for a registered location: use `unregisterLocation`";
                let refusal = UserError::of_input("ref", UserErrorCode::ReadOnly, message);
                return refuse(self, transaction, visibility, entry, refusal).await;
            }
            removal::remove(&mut transaction, &visibility.tenant, &visibility.subject, at, vec![entity]).await?;
            audit::append(&mut transaction, &visibility.tenant, entry, at).await?;
            transaction.commit().await?;
            Ok(Ok(()))
        })
        .await
    }
}

/// The moment of the transaction, with all other writers of the tenant's catalog kept out until it ends.
async fn begin(connection: &mut PgConnection, tenant: &str) -> Result<DateTime<Utc>, sqlx::Error> {
    let at = audit::begin(connection, tenant).await?;
    audit::lock_catalog(connection, tenant).await?;
    Ok(at)
}

/// Undoes what the transaction did and records that it was refused.
async fn refuse<T>(
    database: &Database,
    transaction: sqlx::Transaction<'_, sqlx::Postgres>,
    visibility: &Visibility,
    entry: &AuditEntry,
    refusal: UserError,
) -> Result<Written<T>, sqlx::Error> {
    let code = match refusal.code {
        UserErrorCode::Invalid => "INVALID",
        UserErrorCode::NotFound => "NOT_FOUND",
        UserErrorCode::Conflict => "CONFLICT",
        UserErrorCode::ReadOnly => "READ_ONLY",
        UserErrorCode::LimitExceeded => "LIMIT_EXCEEDED",
    };
    // What was done so far must not stay; the record must, so it has a transaction of its own.
    transaction.rollback().await?;
    let mut transaction = database.writers().begin().await?;
    let at = audit::begin(&mut transaction, &visibility.tenant).await?;
    let entry = AuditEntry { denied: Some(code), ..entry.clone() };
    audit::append(&mut transaction, &visibility.tenant, &entry, at).await?;
    transaction.commit().await?;
    Ok(Err(refusal))
}

fn not_found(entity_ref: &EntityRef) -> UserError {
    UserError::of_input("ref", UserErrorCode::NotFound, format!("{entity_ref} is not in the catalog"))
}

/// The entity, if the caller sees it, locked until the transaction ends.
async fn visible_entity(
    connection: &mut PgConnection,
    visibility: &Visibility,
    entity_ref: &EntityRef,
) -> Result<Option<Leaving>, sqlx::Error> {
    let mut query = QueryBuilder::new(
        "-- visible_entity\nselect e.id, e.ref, e.kind, e.namespace, e.name, e.type, e.lifecycle, e.owner_ref, e.system_ref, e.tags, \
         e.labels, e.annotations, e.orphaned_at is not null as is_orphan, e.is_team_only, e.guardian_ref \
         from entity e where e.ref = ",
    );
    query.push_bind(entity_ref.as_str()).push(" and ");
    push_visible(&mut query, "e", visibility);
    query.push(" for update");
    query.build_query_as().fetch_optional(connection).await
}

pub(super) fn location_document(entity_ref: &EntityRef, location_type: &str, target: &str) -> CatalogDocument {
    let spec: Map<String, Value> = match json!({ "type": location_type, "target": target }) {
        Value::Object(spec) => spec,
        _ => Map::new(),
    };
    CatalogDocument {
        target: target.to_owned(),
        line: 1,
        column: 1,
        entity_ref: entity_ref.clone(),
        api_version: "backstage.io/v1alpha1".to_owned(),
        kind: "Location".to_owned(),
        namespace: "default".to_owned(),
        name: entity_ref.name().to_owned(),
        title: None,
        description: None,
        labels: Map::new(),
        annotations: Map::new(),
        tags: Vec::new(),
        links: Vec::new(),
        spec,
        entity_type: Some(location_type.to_owned()),
        lifecycle: None,
        owner_ref: None,
        system_ref: None,
        is_team_only: false,
        relations: Vec::new(),
    }
}
