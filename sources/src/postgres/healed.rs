//! How many changes no event had announced.

use std::collections::HashMap;

use schema::Visibility;

use super::Database;
use crate::SourceError;

impl Database {
    /// Changes of the last day that reconciliation found, by the name of their source; none: none.
    pub async fn healed_counts(&self, visibility: &Visibility) -> Result<HashMap<String, i64>, SourceError> {
        let rows = sqlx::query_as::<_, (String, i64)>(include_str!("../../queries/deployments/healed_counts.sql"));
        let rows = self.all("healed_counts", rows.bind(&visibility.tenant)).await?;
        Ok(rows.into_iter().collect())
    }
}
