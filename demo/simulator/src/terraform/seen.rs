//! What deliveries tell of the world: runs that came to another state.

use chrono::{DateTime, Utc};

use super::{Terraform, id, schedule};

/// A run as a delivery tells it.
pub(crate) struct RunSeen {
    pub(crate) id: String,
    pub(crate) workspace_id: String,
    pub(crate) status: &'static str,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) changed_at: DateTime<Utc>,
}

impl Terraform {
    /// The organizations and names of so many workspaces.
    pub(crate) fn names(&self, most: usize) -> Vec<(String, String)> {
        self.world().all().take(most).map(|one| (one.organization.clone(), one.name.clone())).collect()
    }

    /// Runs of a workspace whose state is newer than `since`.
    pub(crate) fn runs_since(&self, organization: &str, name: &str, since: DateTime<Utc>) -> Vec<RunSeen> {
        let (world, now) = (self.world(), self.now());
        let Some(workspace) = world.by_name(organization, name) else { return Vec::new() };
        schedule::starts(workspace, now)
            .take_while(|start| start.may_change_after(since))
            .map(|start| start.at(now))
            .filter(|run| run.changed_at() > since)
            .map(|run| RunSeen {
                id: run.id(),
                workspace_id: id::encode("ws", workspace.key(), 0),
                status: run.status().word(),
                created_at: run.created_at,
                changed_at: run.changed_at(),
            })
            .collect()
    }
}
