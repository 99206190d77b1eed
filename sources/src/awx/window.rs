//! `Window`: the newest runs of a template without gaps, and how windows of many templates are filled in few calls.
//!
//! AWX has no "newest of each": one call brings the newest runs of all templates together. A template that runs often
//! crowds out the others, so those that have enough leave and the rest is asked for again, from where the last call ended.
//! So the number of calls grows with how much the cadences differ, and not with the number of templates.

use std::{collections::HashMap, future::Future, sync::Arc};

use schema::{AutomationJobRecord, RecentRuns};
use serde::{Deserialize, Serialize};

use super::{client::Runs, newest::Known};
use crate::SourceError;

#[cfg(test)]
mod tests;

/// Most runs in a window.
pub(super) const WINDOW_ROWS_MAX: usize = 101;
/// Most calls that fill windows together; what is not full by then is asked for alone where it is needed.
const CALLS_MAX: usize = 8;

/// The newest runs of a template, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Window {
    /// The runs.
    pub(super) jobs: Vec<Arc<AutomationJobRecord>>,
    /// It holds every run from this number on; none: every run there is.
    pub(super) floor: Option<i32>,
    /// There surely are older runs.
    pub(super) has_older: bool,
}

impl Window {
    /// What it knows.
    pub(super) fn known(&self) -> Known<'_, Arc<AutomationJobRecord>> {
        Known { runs: &self.jobs, floor: self.floor, has_older: self.has_older }
    }

    /// Cuts it down to so many runs.
    fn cut(mut self) -> Self {
        if self.jobs.len() > WINDOW_ROWS_MAX {
            self.jobs.truncate(WINDOW_ROWS_MAX);
            self.floor = self.jobs.last().map(|job| job.number);
            self.has_older = true;
        }
        self
    }

    /// Of the runs that a template names, the newest `depth`, as they were read by their numbers. A run that was deleted since
    /// is not among them.
    pub(super) fn of_named(recent: &RecentRuns, depth: usize, read: &HashMap<i32, Arc<AutomationJobRecord>>) -> Self {
        let asked = recent.numbers.get(..depth).unwrap_or(&recent.numbers);
        let is_all = recent.is_all && asked.len() == recent.numbers.len();
        Self {
            jobs: asked.iter().filter_map(|number| read.get(number).cloned()).collect(),
            floor: asked.last().copied().filter(|_| !is_all),
            has_older: asked.len() < recent.numbers.len(),
        }
    }
}

/// A window for each template, with at least `depth` runs where there are as many and the calls suffice. `ask` brings the
/// newest runs of these templates before this run.
pub(super) async fn fill<F>(
    templates: &[i32],
    depth: usize,
    ask: impl Fn(Vec<i32>, Option<i32>) -> F,
) -> Result<HashMap<i32, Window>, SourceError>
where
    F: Future<Output = Result<Runs, SourceError>>,
{
    let mut windows: HashMap<i32, Window> = templates.iter().map(|id| (*id, Window::default())).collect();
    let (mut open, mut before) = (templates.to_vec(), None);
    for call in 0..CALLS_MAX {
        let runs = match ask(open.clone(), before).await {
            Ok(runs) => runs,
            // What is known by now is true: who needs more asks again.
            Err(_) if call > 0 => break,
            Err(error) => return Err(error),
        };
        let floor = runs.floor;
        for job in runs.jobs {
            if let Some(window) = job.template.and_then(|id| windows.get_mut(&id)) {
                window.jobs.push(Arc::new(job));
            }
        }
        for id in &open {
            if let Some(window) = windows.get_mut(id) {
                window.floor = floor;
            }
        }
        open.retain(|id| windows.get(id).is_some_and(|window| window.jobs.len() < depth));
        if floor.is_none() || open.is_empty() {
            break;
        }
        before = floor;
    }
    Ok(windows.into_iter().map(|(id, window)| (id, window.cut())).collect())
}
