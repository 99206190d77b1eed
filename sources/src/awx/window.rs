//! `Window`: the newest runs of some templates together without gaps, and how many windows are filled in few calls.
//!
//! AWX has no "newest of each": one call brings the newest runs of all templates together. A template that runs often
//! crowds out the others, so windows that have enough leave and the rest is asked for again, from where the last call ended.
//! So the number of calls grows with how much the cadences differ, and not with the number of templates.

use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
    sync::Arc,
};

use schema::{AutomationJobRecord, RecentRuns};
use serde::{Deserialize, Serialize};

use super::{
    client::Runs,
    newest::{self, Known, Merged},
};
use crate::SourceError;

#[cfg(test)]
mod tests;

/// Most runs in a window.
pub(super) const WINDOW_ROWS_MAX: usize = 101;
/// Most calls that fill windows together; what is not full by then is asked for alone where it is needed.
const CALLS_MAX: usize = 8;

/// The newest runs of some templates together, newest first.
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
    /// Cuts it down to so many runs.
    fn cut(mut self) -> Self {
        if self.jobs.len() > WINDOW_ROWS_MAX {
            self.jobs.truncate(WINDOW_ROWS_MAX);
            self.floor = self.jobs.last().map(|job| job.number);
            self.has_older = true;
        }
        self
    }

    /// So many of its newest runs, older than `before`; none when it does not reach so far.
    pub(super) fn merged(
        &self,
        before: Option<i32>,
        rows: usize,
        tells_more: bool,
    ) -> Option<Merged<Arc<AutomationJobRecord>>> {
        let known = Known { runs: &self.jobs, floor: self.floor, has_older: self.has_older };
        newest::merge(&[known], before, rows, tells_more)
    }
}

/// Numbers of the runs that a window holds, by what its templates name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named {
    /// The newest first.
    pub(super) numbers: Vec<i32>,
    floor: Option<i32>,
    has_older: bool,
}

impl Named {
    /// The newest `depth` runs that these templates have together; none when what they name does not reach so far.
    pub(super) fn of(recents: &[&RecentRuns], depth: usize) -> Option<Self> {
        let known: Vec<_> = recents.iter().map(|recent| Known::of_recent(recent)).collect();
        let Merged { runs: numbers, has_more, total } = newest::merge(&known, None, depth, false)?;
        let is_all = total.is_some() && !has_more;
        let floor = numbers.last().copied().filter(|_| !is_all);
        Some(Self { numbers, floor, has_older: has_more })
    }

    /// The window of it, with the runs as they were read by their numbers. A run that was deleted since is not among them.
    pub(super) fn window(&self, read: &HashMap<i32, Arc<AutomationJobRecord>>) -> Window {
        let jobs = self.numbers.iter().filter_map(|number| read.get(number).cloned()).collect();
        Window { jobs, floor: self.floor, has_older: self.has_older }
    }
}

/// A window for each set of templates, with at least `depth` runs where there are as many and the calls suffice. `ask` brings
/// the newest runs of these templates before this run; of all sets together these are at most as many as one call takes.
pub(super) async fn fill<F>(
    sets: &[Vec<i32>],
    depth: usize,
    ask: impl Fn(Vec<i32>, Option<i32>) -> F,
) -> Result<HashMap<Vec<i32>, Window>, SourceError>
where
    F: Future<Output = Result<Runs, SourceError>>,
{
    let mut windows: Vec<Window> = sets.iter().map(|_| Window::default()).collect();
    let mut open: Vec<(&Vec<i32>, &mut Window)> = sets.iter().zip(&mut windows).collect();
    let mut before = None;
    for call in 0..CALLS_MAX {
        let templates: BTreeSet<i32> = open.iter().flat_map(|(set, _)| set.iter().copied()).collect();
        let runs = match ask(templates.into_iter().collect(), before).await {
            Ok(runs) => runs,
            // What is known by now is true: who needs more asks again.
            Err(_) if call > 0 => break,
            Err(error) => return Err(error),
        };
        let jobs: Vec<_> = runs.jobs.into_iter().map(Arc::new).collect();
        for (set, window) in &mut open {
            let own = jobs.iter().filter(|job| job.template.is_some_and(|id| set.contains(&id)));
            window.jobs.extend(own.cloned());
            window.floor = runs.floor;
        }
        open.retain(|(_, window)| window.jobs.len() < depth);
        if runs.floor.is_none() || open.is_empty() {
            break;
        }
        before = runs.floor;
    }
    Ok(sets.iter().cloned().zip(windows.into_iter().map(Window::cut)).collect())
}
