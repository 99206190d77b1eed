//! What discovery remembers: which projects it looked at, and how far a group has been scanned.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schema::EntityRef;
use sqlx::FromRow;

use crate::{SourceError, postgres::Database};

/// A group of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope<'a> {
    pub(super) tenant: &'a str,
    pub(super) group: &'a str,
}

/// How far a group has been scanned.
#[derive(Debug, Clone, FromRow)]
pub(super) struct ScanMark {
    pub(super) covers: String,
    pub(super) seen_to: Option<DateTime<Utc>>,
    pub(super) whole_at: DateTime<Utc>,
    pub(super) scanned_at: DateTime<Utc>,
}

/// A project that was looked at.
#[derive(Debug, Clone, FromRow)]
pub(super) struct KnownProject {
    pub(super) project_id: i64,
    pub(super) location: String,
    pub(super) full_path: String,
    pub(super) page: String,
    pub(super) covers: String,
    pub(super) active_at: Option<DateTime<Utc>>,
    pub(super) content_hash: Option<Vec<u8>>,
    pub(super) blob_id: Option<String>,
    pub(super) is_declaring: bool,
    pub(super) failures: i32,
}

impl Database {
    pub(super) async fn discovery_mark(&self, scope: Scope<'_>) -> Result<Option<ScanMark>, SourceError> {
        let row = sqlx::query_as(include_str!("../../queries/discovery/scan_read.sql"))
            .bind(scope.tenant)
            .bind(scope.group)
            .fetch_optional(self.writers());
        self.timed("scan_read", row).await
    }

    pub(super) async fn write_discovery_mark(&self, scope: Scope<'_>, mark: &ScanMark) -> Result<(), SourceError> {
        let write = sqlx::query(include_str!("../../queries/discovery/scan_write.sql"))
            .bind(scope.tenant)
            .bind(scope.group)
            .bind(&mark.covers)
            .bind(mark.seen_to)
            .bind(mark.whole_at)
            .bind(mark.scanned_at)
            .execute(self.writers());
        self.timed("scan_write", write).await.map(|_| ())
    }

    /// Those of these projects that were looked at, in whatever group, by number.
    pub(super) async fn discovered(
        &self,
        tenant: &str,
        ids: &[i64],
    ) -> Result<HashMap<i64, KnownProject>, SourceError> {
        let rows = sqlx::query_as(include_str!("../../queries/discovery/projects_known.sql"))
            .bind(tenant)
            .bind(ids)
            .fetch_all(self.writers());
        let rows: Vec<KnownProject> = self.timed("projects_known", rows).await?;
        Ok(rows.into_iter().map(|row| (row.project_id, row)).collect())
    }

    /// The group in which a project was found last; none when it was not.
    pub(super) async fn discovered_in(&self, tenant: &str, id: i64) -> Result<Option<String>, SourceError> {
        let group = sqlx::query_scalar(include_str!("../../queries/discovery/project_group.sql"))
            .bind(tenant)
            .bind(id)
            .fetch_optional(self.writers());
        self.timed("project_group", group).await
    }

    /// Projects to look at again by `now`, those that wait longest first.
    pub(super) async fn discovery_due(
        &self,
        scope: Scope<'_>,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<i64>, SourceError> {
        let rows = sqlx::query_scalar(include_str!("../../queries/discovery/projects_due.sql"))
            .bind(scope.tenant)
            .bind(scope.group)
            .bind(now)
            .bind(most)
            .fetch_all(self.writers());
        self.timed("projects_due", rows).await
    }

    /// Projects that were looked at and are none of these.
    pub(super) async fn discovery_unlisted(&self, scope: Scope<'_>, listed: &[i64]) -> Result<Vec<i64>, SourceError> {
        let rows = sqlx::query_scalar(include_str!("../../queries/discovery/projects_unlisted.sql"))
            .bind(scope.tenant)
            .bind(scope.group)
            .bind(listed)
            .fetch_all(self.writers());
        self.timed("projects_unlisted", rows).await
    }

    /// Remembers a project, and when to look at it again whatever the list says.
    pub(super) async fn write_discovered(
        &self,
        scope: Scope<'_>,
        project: &KnownProject,
        look_at: Option<DateTime<Utc>>,
    ) -> Result<(), SourceError> {
        let write = sqlx::query(include_str!("../../queries/discovery/project_write.sql"))
            .bind(scope.tenant)
            .bind(scope.group)
            .bind(project.project_id)
            .bind(&project.location)
            .bind(&project.full_path)
            .bind(&project.page)
            .bind(&project.covers)
            .bind(project.active_at)
            .bind(project.content_hash.as_deref())
            .bind(&project.blob_id)
            .bind(project.is_declaring)
            .bind(project.failures)
            .bind(look_at)
            .execute(self.writers());
        self.timed("project_write", write).await.map(|_| ())
    }

    pub(super) async fn forget_discovered(&self, scope: Scope<'_>, project_id: i64) -> Result<(), SourceError> {
        let delete = sqlx::query(include_str!("../../queries/discovery/project_delete.sql"))
            .bind(scope.tenant)
            .bind(scope.group)
            .bind(project_id)
            .execute(self.writers());
        self.timed("project_delete", delete).await.map(|_| ())
    }

    /// Lets what is wrong with this group, and with its files, be shown at the entity that stands for it. `page` is the group's.
    pub(super) async fn adopt_discovered(
        &self,
        scope: Scope<'_>,
        parent: &EntityRef,
        page: &str,
    ) -> Result<(), SourceError> {
        let update = sqlx::query(include_str!("../../queries/discovery/locations_adopt.sql"))
            .bind(scope.tenant)
            .bind(scope.group)
            .bind(parent.as_str())
            .bind(page)
            .execute(self.writers());
        self.timed("locations_adopt", update).await.map(|_| ())
    }

    /// What is told to be wrong with the group of this page.
    pub(super) async fn group_failure(&self, tenant: &str, page: &str) -> Result<Option<String>, SourceError> {
        let message = sqlx::query_scalar(include_str!("../../queries/discovery/group_failure.sql"))
            .bind(tenant)
            .bind(page)
            .fetch_optional(self.writers());
        self.timed("group_failure", message).await
    }
}
