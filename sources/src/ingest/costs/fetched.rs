//! What was read from Azure, and when: kept in Postgres, so that neither a restart nor another replica asks again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::{SourceError, postgres::Database};

/// The last look at something of Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct CostLook {
    /// When.
    pub looked_at: DateTime<Utc>,
    /// Something went wrong.
    pub has_failed: bool,
}

impl Database {
    /// The last look at a container or scope; none where there was none.
    pub async fn cost_look(&self, tenant: &str, target: &str) -> Result<Option<CostLook>, SourceError> {
        let look =
            sqlx::query_as("select looked_at, has_failed from cost_azure_look where tenant = $1 and target = $2")
                .bind(tenant)
                .bind(target)
                .fetch_optional(self.writers());
        self.timed("cost_look", look).await
    }

    /// Notes a look at a container or scope.
    pub async fn cost_looked(&self, tenant: &str, target: &str, look: CostLook) -> Result<(), SourceError> {
        let note = sqlx::query(
            "insert into cost_azure_look (tenant, target, looked_at, has_failed) values ($1, $2, $3, $4) \
             on conflict (tenant, target) do update set looked_at = excluded.looked_at, has_failed = excluded.has_failed",
        )
        .bind(tenant)
        .bind(target)
        .bind(look.looked_at)
        .bind(look.has_failed)
        .execute(self.writers());
        self.timed("cost_looked", note).await.map(|_| ())
    }

    /// The etags of those of these manifests whose runs were taken over.
    pub async fn cost_runs(
        &self,
        tenant: &str,
        container: &str,
        manifests: &[&str],
    ) -> Result<HashMap<String, String>, SourceError> {
        let runs = sqlx::query_as(
            "select manifest, etag from cost_azure_run where tenant = $1 and container = $2 and manifest = any($3)",
        )
        .bind(tenant)
        .bind(container)
        .bind(manifests)
        .fetch_all(self.writers());
        let runs: Vec<(String, String)> = self.timed("cost_runs", runs).await?;
        Ok(runs.into_iter().collect())
    }

    /// Notes a run that was taken over.
    pub async fn cost_run_taken_over(
        &self,
        tenant: &str,
        container: &str,
        manifest: &str,
        etag: &str,
        at: DateTime<Utc>,
    ) -> Result<(), SourceError> {
        let note = sqlx::query(
            "insert into cost_azure_run (tenant, container, manifest, etag, taken_over_at) values ($1, $2, $3, $4, $5) \
             on conflict (tenant, container, manifest) do update set etag = excluded.etag, taken_over_at = excluded.taken_over_at",
        )
        .bind(tenant)
        .bind(container)
        .bind(manifest)
        .bind(etag)
        .bind(at)
        .execute(self.writers());
        self.timed("cost_run_taken_over", note).await.map(|_| ())
    }
}
