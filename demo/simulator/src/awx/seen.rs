//! What deliveries tell of the world: runs that began or ended.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Awx, run};

/// No run takes longer, from its creation to its end.
const RUN_MAX: TimeDelta = TimeDelta::minutes(30);

/// A run as a delivery tells it.
pub(crate) struct RunSeen {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) status: &'static str,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) finished: Option<DateTime<Utc>>,
}

impl Awx {
    /// The numbers of all templates.
    pub(crate) fn templates(&self) -> Vec<u64> {
        self.world().entries.keys().copied().collect()
    }

    /// Runs of a template that began or ended after `since`, among its latest.
    pub(crate) fn runs_since(&self, template: u64, since: DateTime<Utc>) -> Vec<RunSeen> {
        let world = self.world();
        let Some(entry) = world.entries.get(&template) else { return Vec::new() };
        run::latest(world, entry, self.now(), 50)
            .into_iter()
            .filter(|run| {
                run.created() > since - RUN_MAX && run.finished().or(run.started()).is_some_and(|at| at > since)
            })
            .map(|run| RunSeen {
                id: run.id,
                name: run.entry.template.name.clone(),
                status: run.status().word(),
                started: run.started(),
                finished: run.finished(),
            })
            .collect()
    }
}
