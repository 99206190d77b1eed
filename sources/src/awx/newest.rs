//! The newest runs of several templates together, of what is known of each: runs, or only their numbers.

use std::{cmp::Reverse, sync::Arc};

use schema::{AutomationJobRecord, RecentRuns};

/// What is known by the number of a run, which grows with time.
pub(super) trait Numbered {
    /// The number.
    fn number(&self) -> i32;
}

impl Numbered for i32 {
    fn number(&self) -> i32 {
        *self
    }
}

impl Numbered for Arc<AutomationJobRecord> {
    fn number(&self) -> i32 {
        self.number
    }
}

/// The newest runs of one template, without gaps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a, T> {
    /// The runs.
    pub(super) runs: &'a [T],
    /// These are all from this number on; none: all there are.
    pub(super) floor: Option<i32>,
    /// There surely are older ones.
    pub(super) has_older: bool,
}

impl<'a> Known<'a, i32> {
    /// What a template names.
    pub(super) fn of_recent(recent: &'a RecentRuns) -> Self {
        // Below the oldest run that a template names, it may have others.
        let floor = recent.numbers.last().copied().filter(|_| !recent.is_all);
        Self { runs: &recent.numbers, floor, has_older: false }
    }
}

/// The newest runs of all templates together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Merged<T> {
    /// The newest first.
    pub(super) runs: Vec<T>,
    /// There surely are others after them.
    pub(super) has_more: bool,
    /// How many there are in all, where every run is known.
    pub(super) total: Option<usize>,
}

/// So many of the newest runs of all templates, older than `before`; none when not enough is known. With `tells_more` it must be
/// known, too, whether there are others.
pub(super) fn merge<T: Numbered + Clone>(
    known: &[Known<'_, T>],
    before: Option<i32>,
    rows: usize,
    tells_more: bool,
) -> Option<Merged<T>> {
    // Below the highest floor, runs of that template are not known.
    let floor = known.iter().filter_map(|one| one.floor).max();
    let mut runs: Vec<T> = known.iter().flat_map(|one| one.runs).cloned().collect();
    let total = floor.is_none().then_some(runs.len());
    runs.retain(|run| {
        before.is_none_or(|before| run.number() < before) && floor.is_none_or(|floor| run.number() >= floor)
    });
    runs.sort_unstable_by_key(|run| Reverse(run.number()));
    let has_more = runs.len() > rows || known.iter().any(|one| one.has_older);
    let reaches = floor.is_none() || (runs.len() >= rows && (has_more || !tells_more));
    runs.truncate(rows);
    reaches.then_some(Merged { runs, has_more, total })
}
