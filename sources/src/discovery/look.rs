//! A look at one project, because something happened to it.

use super::{
    scan::{Scan, ScanReport},
    store::Scope,
};
use crate::SourceError;

/// The name of the lease under which catalog files are looked for: two that looked at the same project could each write the other's
/// older file.
pub const LEASE: &str = "gitlab discovery";

impl Scan<'_> {
    /// Looks at a project, which was told to have these paths, now, whether the group is due or not; nothing where it is none of this group. One that left the group is
    /// withdrawn, as by a run over the whole list.
    pub async fn look_at_project(&self, id: i64, paths: &[String]) -> Result<ScanReport, SourceError> {
        let group_path = self.group.group_path();
        let scope = Scope { tenant: self.tenant, group: &group_path };
        let mut report = ScanReport::default();
        let within = format!("{group_path}/");
        let is_within = paths.iter().any(|path| path.to_lowercase().starts_with(&within));
        let is_known = self.database.discovered_in(self.tenant, id).await?.is_some_and(|known| known == group_path);
        if !is_within && !is_known {
            return Ok(report);
        }
        let page = self.gitlab.client().group_page(&group_path);
        let parent = self.database.declare_group(self.tenant, &page).await?;
        self.look_at_ids(scope, &[id], &mut report).await?;
        if report != ScanReport::default() {
            self.database.adopt_discovered(scope, &parent, &page).await?;
        }
        Ok(report)
    }
}
