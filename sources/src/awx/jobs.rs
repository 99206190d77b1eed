//! Runs of some templates together, newest first: from windows where these reach, else exactly what is asked for. A page that
//! continues another, and one that may be no older than its caller says, is looked up among the runs that the templates name:
//! these were read within that age themselves.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use schema::{AutomationJobRecord, AutomationTemplateRecord};

use super::{
    Awx, JobsKey, TemplateKey,
    key::{JobKey, of_page, of_window},
    newest::Merged,
    recent,
    window::{WINDOW_ROWS_MAX, Window},
    wire::RECENT_RUNS,
};
use crate::{
    SourceError,
    cache::{Access, CacheMode, Served},
};

/// Depths of windows: few, so that pages of nearly the same size share theirs. The first is enough for a latest run.
const DEPTHS: [usize; 6] = [1, 5, RECENT_RUNS, 21, 51, WINDOW_ROWS_MAX];

/// Runs, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Jobs {
    /// As many as were asked for, where there are.
    pub jobs: Vec<Arc<AutomationJobRecord>>,
    /// There are others after them; told only where it was asked.
    pub has_more: bool,
    /// How many there are in all, where that is known without asking.
    pub total: Option<usize>,
}

impl Jobs {
    /// Of as many runs as the question reaches, those that it shows.
    fn cut(mut jobs: Vec<Arc<AutomationJobRecord>>, key: &JobsKey) -> Self {
        let has_more = jobs.len() > key.rows;
        jobs.truncate(key.rows);
        Self { jobs, has_more, total: None }
    }

    fn of_merged(merged: Merged<Arc<AutomationJobRecord>>, key: &JobsKey) -> Self {
        Self { jobs: merged.runs, has_more: merged.has_more && key.tells_more, total: merged.total }
    }
}

type Outcome = Result<Served<Jobs>, SourceError>;

/// A question on its way.
struct Question<'a> {
    key: &'a JobsKey,
    /// The templates that the tenant may read.
    templates: Vec<i32>,
    /// The same as they were read.
    records: Vec<Served<AutomationTemplateRecord>>,
}

impl Awx {
    /// One outcome for each question. All together are one call for each hundred templates, where these are not known yet,
    /// and one for each hundred of the newest runs that these name; more only where a page reaches further than that.
    pub async fn jobs_by_templates(&self, keys: &[JobsKey], access: &Access) -> HashMap<JobsKey, Outcome> {
        let mut outcomes = HashMap::with_capacity(keys.len());
        let open = self.readable(keys, access, &mut outcomes).await;
        let is_strict = access.mode == CacheMode::Bypass || access.age_max.is_some();
        let (named, mut open): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|question| is_strict || question.key.before.is_some());
        open.extend(self.by_names(named, access, &mut outcomes).await);
        // Whether there are more is told by the window mostly.
        let first = |key: &JobsKey| DEPTHS.into_iter().find(|depth| *depth >= key.rows);
        let open = self.by_windows(open, first, access, &mut outcomes).await;
        // What comes after a cursor may lie anywhere: a deeper window need not reach it.
        let deeper = |key: &JobsKey| {
            DEPTHS
                .into_iter()
                .find(|depth| *depth >= key.reach() && Some(*depth) > first(key))
                .filter(|_| key.before.is_none())
        };
        let open = self.by_windows(open, deeper, access, &mut outcomes).await;
        self.by_pages(open, access, &mut outcomes).await;
        outcomes
    }

    /// Leaves the templates that each tenant may read.
    async fn readable<'a>(
        &self,
        keys: &'a [JobsKey],
        access: &Access,
        outcomes: &mut HashMap<JobsKey, Outcome>,
    ) -> Vec<Question<'a>> {
        let template = |key: &JobsKey, number: &i32| TemplateKey { tenant: key.tenant.clone(), number: *number };
        let asked: HashSet<TemplateKey> =
            keys.iter().flat_map(|key| key.templates.iter().map(move |number| template(key, number))).collect();
        let found = self.templates_by_keys(&asked.into_iter().collect::<Vec<_>>(), access).await;
        let mut open = Vec::with_capacity(keys.len());
        for key in keys {
            let (mut templates, mut records) = (Vec::with_capacity(key.templates.len()), Vec::new());
            let mut failure = None;
            for number in &key.templates {
                match found.get(&template(key, number)) {
                    Some(Ok(served)) if served.value.is_some() => {
                        templates.push(*number);
                        records.push(served.clone());
                    }
                    Some(Err(error)) => failure = Some(error.clone()),
                    _ => {}
                }
            }
            match failure {
                Some(error) => drop(outcomes.insert(key.clone(), Err(error))),
                None if templates.is_empty() => {
                    let none = Jobs { jobs: Vec::new(), has_more: false, total: Some(0) };
                    let none = Served::of_parts::<Jobs>(Some(Arc::new(none)), [], self.clock.now());
                    outcomes.insert(key.clone(), Ok(none));
                }
                None => open.push(Question { key, templates, records }),
            }
        }
        open
    }

    /// Answers what is within the runs that the templates name: a hundred of these are one call. The rest is open.
    async fn by_names<'a>(
        &self,
        open: Vec<Question<'a>>,
        access: &Access,
        outcomes: &mut HashMap<JobsKey, Outcome>,
    ) -> Vec<Question<'a>> {
        let (mut named, mut left) = (Vec::new(), Vec::new());
        for question in open {
            match recent::named(&question.records, question.key) {
                Some(found) => named.push((question, found)),
                None => left.push(question),
            }
        }
        let job = |key: &JobsKey, number: i32| JobKey { tenant: key.tenant.clone(), number };
        let wanted: HashSet<JobKey> = named
            .iter()
            .flat_map(|(question, Merged { runs, .. })| runs.iter().map(|number| job(question.key, *number)))
            .collect();
        let read = self.jobs_by_keys(&wanted.into_iter().collect::<Vec<_>>(), access).await;
        for (Question { key, records, .. }, Merged { runs, has_more, total }) in named {
            let own = runs.iter().filter_map(|number| read.get(&job(key, *number)).map(Result::as_ref));
            let outcome = own.collect::<Result<Vec<_>, _>>().map_err(SourceError::clone).map(|own| {
                // A run that was deleted since its template was read is not there.
                let jobs = own.iter().filter_map(|served| served.value.clone()).collect();
                let jobs = Jobs { jobs, has_more: has_more && key.tells_more, total };
                let whole = Served::of_parts(Some(Arc::new(jobs)), own, self.clock.now());
                records.iter().fold(whole, Served::and_of)
            });
            outcomes.insert(key.clone(), outcome);
        }
        left
    }

    /// Answers what windows of this depth answer; what remains is open. A question without a depth stays open.
    async fn by_windows<'a>(
        &self,
        open: Vec<Question<'a>>,
        depth_of: impl Fn(&JobsKey) -> Option<usize>,
        access: &Access,
        outcomes: &mut HashMap<JobsKey, Outcome>,
    ) -> Vec<Question<'a>> {
        let name = |Question { key, templates, .. }: &Question<'_>| {
            depth_of(key).map(|depth| of_window(&key.tenant, templates, depth))
        };
        let mut wanted: Vec<String> = open.iter().filter_map(name).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let windows = self.caches.windows.get_many(wanted, access).await;
        let mut left = Vec::new();
        for question in open {
            let JobsKey { before, rows, tells_more, .. } = *question.key;
            match name(&question).and_then(|name| windows.get(&name)) {
                None => left.push(question),
                Some(Err(error)) => drop(outcomes.insert(question.key.clone(), Err(error.clone()))),
                Some(Ok(window)) => {
                    let merged = |window: &Window| window.merged(before, rows, tells_more);
                    let jobs = window.pick(|window| Some(Arc::new(Jobs::of_merged(merged(window)?, question.key))));
                    if jobs.value.is_none() {
                        left.push(question);
                    } else {
                        let whole = question.records.iter().fold(jobs, Served::and_of);
                        outcomes.insert(question.key.clone(), Ok(whole));
                    }
                }
            }
        }
        left
    }

    /// Answers the rest, a call for each.
    async fn by_pages(&self, open: Vec<Question<'_>>, access: &Access, outcomes: &mut HashMap<JobsKey, Outcome>) {
        let name =
            |Question { key, templates, .. }: &Question<'_>| of_page(&key.tenant, templates, key.before, key.reach());
        let mut wanted: Vec<String> = open.iter().map(name).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let pages = self.caches.pages.get_many(wanted, access).await;
        for question in open {
            let Some(page) = pages.get(&name(&question)) else { continue };
            let jobs = |jobs: &Vec<_>| Jobs::cut(jobs.clone(), question.key);
            let outcome = page.as_ref().map_err(SourceError::clone).map(|page| page.map(jobs));
            outcomes.insert(question.key.clone(), outcome);
        }
    }
}
