//! Asks GitLab for single projects and files, some at once. One that fails holds up no other; that GitLab itself is away, or has
//! enough of us, ends the run and is nobody's fault.

use std::{collections::HashMap, time::Duration};

use futures::{StreamExt, stream};

use super::{
    scan::{Scan, ScanReport},
    store::{KnownProject, Scope},
};
use crate::{
    SourceError,
    gitlab::{FoundProject, ListedProject, PATHS_MAX},
};

/// How often it is waited for the quota, a second each time.
const ROOM_WAITS_MAX: usize = 600;

impl Scan<'_> {
    /// The other half is for whoever asks.
    fn at_once(&self) -> usize {
        self.gitlab.config().requests_in_flight_max.div_ceil(2)
    }

    /// Waits until at least half of what may be asked is left: for whoever asks.
    async fn leave_room(&self) {
        for _ in 0..ROOM_WAITS_MAX {
            match self.gitlab.client().upstream().quota() {
                Some(quota) if quota.remaining.saturating_mul(2) < quota.limit => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                _ => return,
            }
        }
    }

    /// These projects as they are now, fifty with one call; what those declared that are gone is withdrawn.
    pub(super) async fn find(
        &self,
        scope: Scope<'_>,
        ids: &[i64],
        known: &HashMap<i64, KnownProject>,
        report: &mut ScanReport,
    ) -> Result<Vec<FoundProject>, SourceError> {
        let (path, branch) = (self.group.path.trim_matches('/'), self.group.branch.as_deref());
        let mut projects = Vec::new();
        for ids in ids.chunks(PATHS_MAX) {
            self.leave_room().await;
            match self.gitlab.client().projects_by_ids(ids, path, branch).await {
                Ok(found) => {
                    let is_gone = |id: &&i64| !found.iter().any(|found| found.project.id == **id);
                    for id in ids.iter().filter(is_gone) {
                        self.withdraw(scope, known.get(id).cloned(), report).await?;
                    }
                    // The lists say when it was active.
                    let active_at = |id| known.get(&id).and_then(|known| known.active_at);
                    projects.extend(found.into_iter().map(|found| {
                        let last_activity_at = active_at(found.project.id);
                        FoundProject { project: ListedProject { last_activity_at, ..found.project }, ..found }
                    }));
                }
                Err(error @ SourceError::Throttled { .. }) => return Err(error),
                // One that GitLab fails at fails all that are asked for together.
                Err(_) => projects.extend(self.find_singly(scope, ids, known, report).await?),
            }
        }
        Ok(projects)
    }

    async fn find_singly(
        &self,
        scope: Scope<'_>,
        ids: &[i64],
        known: &HashMap<i64, KnownProject>,
        report: &mut ScanReport,
    ) -> Result<Vec<FoundProject>, SourceError> {
        let mut projects = Vec::new();
        for ids in ids.chunks(self.at_once()) {
            self.leave_room().await;
            let ask = async |id: &i64| (*id, self.gitlab.client().project_by_id(*id).await);
            let found: Vec<_> = stream::iter(ids).map(ask).buffer_unordered(self.at_once()).collect().await;
            ends_run(found.iter().map(|(_, outcome)| outcome.as_ref().err()))?;
            for (id, outcome) in found {
                match outcome {
                    Ok(Some(project)) => projects.push(FoundProject { project, blob_id: None }),
                    Ok(None) => self.withdraw(scope, known.get(&id).cloned(), report).await?,
                    Err(error) => self.put_off(scope, known.get(&id).cloned(), &error, report).await?,
                }
            }
        }
        Ok(projects)
    }

    /// Reads their files and takes them over one after another.
    pub(super) async fn read(
        &self,
        scope: Scope<'_>,
        projects: Vec<(Option<KnownProject>, ListedProject)>,
        report: &mut ScanReport,
    ) -> Result<(), SourceError> {
        let path = self.group.path.trim_matches('/');
        for projects in projects.chunks(self.at_once()) {
            self.leave_room().await;
            let ask = async |(known, project): &(Option<KnownProject>, ListedProject)| {
                let found = self.gitlab.client().file(project.id, path, self.group.branch.as_deref()).await;
                (known.clone(), project.clone(), found)
            };
            // All are read before the first is written: a read that nobody polls would time out.
            let found: Vec<_> = stream::iter(projects).map(ask).buffer_unordered(self.at_once()).collect().await;
            ends_run(found.iter().map(|(.., outcome)| outcome.as_ref().err()))?;
            for (known, project, found) in found {
                self.settle(scope, known.as_ref(), &project, found, report).await?;
            }
        }
        Ok(())
    }
}

/// Whether these failures are of GitLab as a whole: it has enough of us, or nothing that was asked together came.
fn ends_run<'a>(outcomes: impl ExactSizeIterator<Item = Option<&'a SourceError>>) -> Result<(), SourceError> {
    let asked = outcomes.len();
    let failed: Vec<&SourceError> = outcomes.flatten().collect();
    let throttled = failed.iter().find(|error| matches!(error, SourceError::Throttled { .. }));
    let all = failed.first().filter(|_| asked > 1 && failed.len() == asked);
    throttled.or(all).map_or(Ok(()), |error| Err((*error).clone()))
}
