//! Reads of registered locations.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schema::{EntityRef, Visibility};

use super::Database;
use crate::SourceError;

impl Database {
    /// When each of these locations was last read without an error; one statement. `refs` are entities the caller sees.
    pub async fn locations_last_read(
        &self,
        visibility: &Visibility,
        refs: &[EntityRef],
    ) -> Result<HashMap<EntityRef, schema::DateTime>, SourceError> {
        let refs: Vec<&str> = refs.iter().map(EntityRef::as_str).collect();
        let sql = include_str!("../../queries/locations/locations_last_read.sql");
        let rows = sqlx::query_as::<_, (String, DateTime<Utc>)>(sql).bind(&visibility.tenant).bind(refs);
        let rows = self.all("locations_last_read", rows).await?;
        Ok(rows.into_iter().map(|(entity_ref, at)| (EntityRef::stored(entity_ref), at.into())).collect())
    }
}
