//! What deliveries tell of the world: deployments that came to another state, and projects that somebody changed.

use std::sync::PoisonError;

use chrono::{DateTime, Utc};

use super::{Gitlab, deployment::deployments};

/// Most changed projects that are remembered for deliveries.
const PUSHED_MAX: usize = 1_000;

/// A deployment as a delivery tells it.
pub(crate) struct DeploymentSeen {
    pub(crate) id: u64,
    pub(crate) environment: &'static str,
    pub(crate) status: &'static str,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Gitlab {
    /// Deployments of a project whose state is newer than `since`, oldest state first.
    pub(crate) fn deployments_since(&self, path: &str, since: DateTime<Utc>) -> Vec<DeploymentSeen> {
        let world = self.world();
        let Some((id, project)) = world.by_path(path) else { return Vec::new() };
        let mut found: Vec<DeploymentSeen> = deployments(id, project, self.now())
            .into_iter()
            .filter(|row| row.updated_at > since)
            .map(|row| DeploymentSeen {
                id: row.id,
                environment: row.environment,
                status: row.status,
                updated_at: row.updated_at,
            })
            .collect();
        found.sort_by_key(|seen| seen.updated_at);
        found
    }

    /// Number and name of a project.
    pub(crate) fn project_named(&self, path: &str) -> Option<(u64, String)> {
        let world = self.world();
        world.by_path(path).map(|(id, project)| (id, project.name.clone()))
    }

    /// Projects that were changed since this was asked last.
    pub(crate) fn take_pushed(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.pushed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note_pushed(&self, path: &str) {
        let mut pushed = self.0.pushed.lock().unwrap_or_else(PoisonError::into_inner);
        if pushed.len() < PUSHED_MAX && !pushed.iter().any(|known| known == path) {
            pushed.push(path.to_owned());
        }
    }
}
