//! One page of ours from as few of Terraform's as it takes. Terraform pages by number, and each new run pushes the others on: a
//! cursor holds the run it stands behind and where that stood, reading begins there, and what was seen before is left out.

use std::sync::Arc;

use async_graphql::Context;
use schema::{Cursor, CursorError, TerraformRunRecord, TerraformWorkspaceRecord};
use sources::terraform::{RunPageKey, RunPageRecord};

use crate::{error::Result, request::RequestData};

const ORDER: &str = "terraform_run.desc";
/// Sizes of the pages that Terraform is asked for: few, so that equal questions find each other in the cache.
const SIZES: [u32; 2] = [20, 100];
/// Most pages that are read for one of ours. It takes more than one only where runs came in between, or were left out.
const PAGES_MAX: usize = 5;

/// What was read.
pub struct Read {
    /// The runs, each with its place.
    pub rows: Vec<(Place, TerraformRunRecord)>,
    /// There is more after them.
    pub has_next: bool,
    /// How many runs there are, where Terraform tells.
    pub total: Option<u64>,
}

/// Where a run stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    created_at: String,
    id: String,
    /// How many runs came before it, and how many there were.
    at: u64,
    total: Option<u64>,
}

impl Place {
    fn of(run: &TerraformRunRecord, at: u64, total: Option<u64>) -> Self {
        Self { created_at: created_at(run), id: run.id.clone(), at, total }
    }

    /// Reads a cursor.
    pub fn decode(text: &str) -> std::result::Result<Self, sources::SourceError> {
        let [created_at, id, at, total] = Cursor::decode::<4>(text, ORDER)?;
        let at = at.parse().map_err(|_| CursorError)?;
        Ok(Self { created_at, id, at, total: total.parse().ok() })
    }

    /// The cursor.
    pub fn encode(self) -> String {
        let total = self.total.map(|total| total.to_string()).unwrap_or_default();
        Cursor::new(ORDER, [self.created_at, self.id, self.at.to_string(), total]).encode()
    }

    /// The page on which the next run stands, of a list with so many runs: what is older than it stays as many as it was.
    fn next_number(&self, total: Option<u64>, size: u32) -> u32 {
        let next = self.at.saturating_add(1);
        let next = match (self.total, total) {
            (Some(before), Some(now)) => next.saturating_add(now).saturating_sub(before),
            _ => next,
        };
        u32::try_from(next / u64::from(size.max(1))).unwrap_or(u32::MAX - 1).saturating_add(1)
    }
}

/// When a run was created, as a text that sorts as moments do.
fn created_at(run: &TerraformRunRecord) -> String {
    run.created_at.map(|moment| moment.0.format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string()).unwrap_or_default()
}

/// Reads at most `limit` runs after a place; none when there is no such workspace.
pub async fn read(
    ctx: &Context<'_>,
    workspace: &TerraformWorkspaceRecord,
    limit: u32,
    after: Option<Place>,
) -> Result<Option<Read>> {
    let size = SIZES.into_iter().find(|size| limit <= *size).unwrap_or(100);
    let mut number = after.as_ref().map_or(1, |after| after.next_number(None, size));
    let mut walk = Walk::new(after, limit);
    for tries in 0..PAGES_MAX {
        let key = RunPageKey::new(workspace, size, number);
        let Some(page) = RequestData::of(ctx).live(ctx, key).await? else { return Ok(None) };
        if tries == 0
            && let Some(right) = walk.waits_for.as_ref().map(|place| place.next_number(page.total, size))
            && right != number
        {
            number = right;
            continue;
        }
        if !walk.take(&page) {
            break;
        }
        number = number.saturating_add(1);
    }
    Ok(Some(walk.read))
}

/// Goes over pages of runs.
struct Walk {
    /// Nothing is taken until this was passed.
    waits_for: Option<Place>,
    limit: usize,
    read: Read,
}

impl Walk {
    fn new(after: Option<Place>, limit: u32) -> Self {
        let read = Read { rows: Vec::new(), has_next: false, total: None };
        Self { waits_for: after, limit: usize::try_from(limit).unwrap_or(usize::MAX), read }
    }

    /// Takes what is new of a page; tells whether another page is needed.
    fn take(&mut self, page: &Arc<RunPageRecord>) -> bool {
        self.read.total = page.total;
        for (at, run) in &page.runs {
            if let Some(place) = &self.waits_for {
                let is_it = run.id == place.id;
                if !is_it && created_at(run) >= place.created_at {
                    continue;
                }
                self.waits_for = None;
                if is_it {
                    continue;
                }
            }
            // The last one of a page is also the first of the next when a run came in between.
            if self.read.rows.iter().any(|(_, known)| known.id == run.id) {
                continue;
            }
            if self.read.rows.len() == self.limit {
                self.read.has_next = true;
                return false;
            }
            self.read.rows.push((Place::of(run, *at, page.total), run.clone()));
        }
        self.read.has_next = page.has_next;
        page.has_next && self.read.rows.len() < self.limit
    }
}

#[cfg(test)]
mod tests {
    use schema::TerraformRunStatus;

    use super::*;

    /// Run `number` of a workspace; the higher the newer.
    fn run(number: u64) -> TerraformRunRecord {
        let created_at = chrono::DateTime::from_timestamp(i64::try_from(number).unwrap(), 0).unwrap();
        TerraformRunRecord {
            id: format!("run-{number}"),
            workspace_id: None,
            status: TerraformRunStatus::Applied,
            upstream_status: "applied".to_owned(),
            message: None,
            trigger: None,
            is_destroy: None,
            is_plan_only: None,
            commit_sha: None,
            plan: None,
            is_without_estimate: true,
            details: None,
            created_at: Some(created_at.into()),
            started_at: None,
            finished_at: None,
            duration_seconds: None,
        }
    }

    /// Page `number` with 20 runs of a list of `total`.
    fn page(total: u64, number: u32) -> Arc<RunPageRecord> {
        let skipped = u64::from(number - 1) * 20;
        let runs = (skipped..total.min(skipped + 20)).map(|at| (at, run(total - at))).collect();
        Arc::new(RunPageRecord { runs, has_next: skipped + 20 < total, total: Some(total) })
    }

    fn numbers(walk: &Walk) -> Vec<String> {
        walk.read.rows.iter().map(|(_, run)| run.id.clone()).collect()
    }

    #[test]
    fn a_page_continues_behind_its_cursor_whatever_came_meanwhile() {
        let mut first = Walk::new(None, 20);
        assert!(!first.take(&page(50, 1)));
        assert!(first.read.has_next);
        let place = Place::decode(&first.read.rows.last().unwrap().0.clone().encode()).unwrap();
        assert_eq!((place.id.as_str(), place.next_number(Some(50), 20)), ("run-31", 2));
        for (total, pages) in [(50, vec![2]), (53, vec![2, 3]), (75, vec![3, 4])] {
            assert_eq!(place.next_number(Some(total), 20), pages[0], "{total} runs");
            let mut walk = Walk::new(Some(place.clone()), 20);
            for number in &pages {
                let goes_on = walk.take(&page(total, *number));
                assert_eq!(goes_on, number != pages.last().unwrap(), "{total} runs");
            }
            let expected: Vec<_> = (11..=30).rev().map(|number| format!("run-{number}")).collect();
            assert_eq!(numbers(&walk), expected, "{total} runs");
        }
    }

    #[test]
    fn pages_of_every_length_joined_are_the_list() {
        for limit in [1, 3, 7, 19, 20] {
            let (mut all, mut after) = (Vec::new(), None);
            loop {
                let mut number = after.as_ref().map_or(1, |place: &Place| place.next_number(Some(47), 20));
                let mut walk = Walk::new(after.take(), limit);
                while walk.take(&page(47, number)) {
                    number += 1;
                }
                all.extend(numbers(&walk));
                after = walk.read.rows.last().map(|(place, _)| place.clone());
                if !walk.read.has_next {
                    break;
                }
            }
            assert_eq!(all, (1..=47).rev().map(|number| format!("run-{number}")).collect::<Vec<_>>(), "by {limit}");
        }
    }
}
