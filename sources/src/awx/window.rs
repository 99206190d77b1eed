//! `Window`: the newest runs of a template without gaps, and how windows of many templates are filled in few calls.
//!
//! AWX has no "newest of each": one call brings the newest runs of all templates together. A template that runs often
//! crowds out the others, so those that have enough leave and the rest is asked for again, from where the last call ended.
//! So the number of calls grows with how much the cadences differ, and not with the number of templates.

use std::{collections::HashMap, future::Future, sync::Arc};

use schema::AutomationJobRecord;
use serde::{Deserialize, Serialize};

use super::client::Runs;
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
}

impl Window {
    /// Cuts it down to so many runs.
    fn cut(mut self) -> Self {
        if self.jobs.len() > WINDOW_ROWS_MAX {
            self.jobs.truncate(WINDOW_ROWS_MAX);
            self.floor = self.jobs.last().map(|job| job.number);
        }
        self
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

/// The newest runs of all windows together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Merged {
    /// The newest first.
    pub(super) jobs: Vec<Arc<AutomationJobRecord>>,
    /// How many there are in all, where the windows hold every run.
    pub(super) total: Option<usize>,
}

/// So many of the newest runs of all windows, older than `before`; none when the windows do not reach so far.
pub(super) fn merge(windows: &[Arc<Window>], before: Option<i32>, rows: usize) -> Option<Merged> {
    // Below the highest floor, runs of that window are not known.
    let floor = windows.iter().filter_map(|window| window.floor).max();
    let mut jobs: Vec<_> = windows.iter().flat_map(|window| &window.jobs).cloned().collect();
    let total = floor.is_none().then_some(jobs.len());
    jobs.retain(|job| before.is_none_or(|before| job.number < before) && floor.is_none_or(|floor| job.number >= floor));
    jobs.sort_unstable_by_key(|job| std::cmp::Reverse(job.number));
    let reaches = floor.is_none() || jobs.len() >= rows;
    jobs.truncate(rows);
    reaches.then_some(Merged { jobs, total })
}
