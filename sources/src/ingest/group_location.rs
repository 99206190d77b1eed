//! The entity that stands for a group of GitLab whose projects are looked through: what is wrong with their files is shown at it.

use std::collections::HashMap;

use schema::{AuditEntry, EntityRef};
use sha2::{Digest, Sha256};

use super::{audit, batch, mutation::location_document};
use crate::{SourceError, postgres::Database};

/// Its type in the catalog.
const TYPE: &str = "gitlab-group";

impl Database {
    /// Declares the entity that stands for a group, unless it is there; answers its reference. `target` is the group's page.
    pub(crate) async fn declare_group(&self, tenant: &str, target: &str) -> Result<EntityRef, SourceError> {
        let digest = hex::encode(Sha256::digest(format!("{TYPE}:{target}")));
        let name = format!("generated-{}", digest.get(..40).unwrap_or(&digest));
        let entity_ref = EntityRef::of("location", "default", &name);
        let is_there = sqlx::query_scalar("select exists (select from entity where tenant = $1 and ref = $2)")
            .bind(tenant)
            .bind(entity_ref.as_str())
            .fetch_one(self.writers());
        // Once it is there nobody need wait for who writes the catalog.
        if self.timed("group_is_declared", is_there).await? {
            return Ok(entity_ref);
        }
        self.changed("declare_group", async {
            let mut transaction = self.writers().begin().await?;
            let at = audit::begin(&mut transaction, tenant).await?;
            audit::lock_catalog(&mut transaction, tenant).await?;
            let context = batch::Context { tenant, actor: "weft", location_id: None, at, standing: &HashMap::new() };
            // Where another replica was quicker it says the same.
            batch::apply(&mut transaction, &context, &[location_document(&entity_ref, TYPE, target)]).await?;
            let entry = AuditEntry {
                subject: "weft".to_owned(),
                action: "discovery.gitlab".to_owned(),
                target: Some(target.chars().take(200).collect()),
                ..AuditEntry::default()
            };
            audit::append(&mut transaction, tenant, &entry, at).await?;
            transaction.commit().await?;
            Ok(entity_ref)
        })
        .await
    }
}
