//! Runs of some templates together, newest first: from windows where these reach, else exactly what is asked for.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use schema::AutomationJobRecord;

use super::{
    Awx, JobsKey, TemplateKey,
    key::{of_page, of_window},
    window::{Merged, WINDOW_ROWS_MAX, Window, merge},
};
use crate::{
    SourceError,
    cache::{Access, Served},
};

/// Depths of windows: few, so that pages of nearly the same size share theirs. The first is enough for a latest run.
const DEPTHS: [usize; 6] = [1, 6, 11, 21, 51, WINDOW_ROWS_MAX];

/// Runs, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Jobs {
    /// As many as were asked for, where there are.
    pub jobs: Vec<Arc<AutomationJobRecord>>,
    /// How many there are in all, where that is known without asking.
    pub total: Option<usize>,
}

type Outcome = Result<Served<Jobs>, SourceError>;

/// A question on its way: the templates that the tenant may read.
struct Question<'a> {
    key: &'a JobsKey,
    templates: Vec<i32>,
}

impl Awx {
    /// One outcome for each question. All together are one call for the templates, where these are not known yet, and one
    /// for each hundred templates' newest runs; more only where these do not reach.
    pub async fn jobs_by_templates(&self, keys: &[JobsKey], access: &Access) -> HashMap<JobsKey, Outcome> {
        let mut outcomes = HashMap::with_capacity(keys.len());
        let open = self.readable(keys, access, &mut outcomes).await;
        let open = self.by_windows(open, |_| DEPTHS.first().copied(), access, &mut outcomes).await;
        // What comes after a cursor may lie anywhere: a deeper window need not reach it.
        let deeper =
            |key: &JobsKey| DEPTHS.into_iter().find(|depth| *depth >= key.rows).filter(|_| key.before.is_none());
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
            let mut templates = Vec::with_capacity(key.templates.len());
            let mut failure = None;
            for number in &key.templates {
                match found.get(&template(key, number)) {
                    Some(Ok(served)) if served.value.is_some() => templates.push(*number),
                    Some(Err(error)) => failure = Some(error.clone()),
                    _ => {}
                }
            }
            match failure {
                Some(error) => drop(outcomes.insert(key.clone(), Err(error))),
                None => open.push(Question { key, templates }),
            }
        }
        open
    }

    /// Answers what windows of this depth answer; what remains is open. A question without a depth stays open.
    async fn by_windows<'a>(
        &self,
        open: Vec<Question<'a>>,
        depth_of: impl Fn(&JobsKey) -> Option<usize>,
        access: &Access,
        outcomes: &mut HashMap<JobsKey, Outcome>,
    ) -> Vec<Question<'a>> {
        let names = |question: &Question<'_>| -> Vec<String> {
            let depth = depth_of(question.key).into_iter();
            let tenant = &question.key.tenant;
            depth.flat_map(|depth| question.templates.iter().map(move |id| of_window(tenant, *id, depth))).collect()
        };
        let mut wanted: Vec<String> = open.iter().flat_map(names).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let windows = self.caches.windows.get_many(wanted, access).await;
        let mut left = Vec::new();
        for question in open {
            let own: Option<Result<Vec<&Served<Window>>, SourceError>> = depth_of(question.key)
                .map(|_| names(&question).iter().filter_map(|name| windows.get(name)).map(Result::as_ref).collect())
                .map(|own: Result<_, &SourceError>| own.map_err(SourceError::clone));
            match own {
                None => left.push(question),
                Some(Err(error)) => drop(outcomes.insert(question.key.clone(), Err(error))),
                Some(Ok(own)) => {
                    let known: Vec<Arc<Window>> = own.iter().filter_map(|served| served.value.clone()).collect();
                    match merge(&known, question.key.before, question.key.rows) {
                        Some(merged) => drop(outcomes.insert(question.key.clone(), Ok(self.served(merged, &own)))),
                        None => left.push(question),
                    }
                }
            }
        }
        left
    }

    /// Answers the rest, a call for each.
    async fn by_pages(&self, open: Vec<Question<'_>>, access: &Access, outcomes: &mut HashMap<JobsKey, Outcome>) {
        let name = |Question { key, templates }: &Question<'_>| of_page(&key.tenant, templates, key.before, key.rows);
        let mut wanted: Vec<String> = open.iter().map(name).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let pages = self.caches.pages.get_many(wanted, access).await;
        for question in open {
            let Some(page) = pages.get(&name(&question)) else { continue };
            let jobs = |jobs: &Vec<_>| Jobs { jobs: jobs.clone(), total: None };
            let outcome = page.as_ref().map_err(SourceError::clone).map(|page| page.map(jobs));
            outcomes.insert(question.key.clone(), outcome);
        }
    }

    /// What is put together is as old as its oldest part.
    fn served(&self, Merged { jobs, total }: Merged, parts: &[&Served<Window>]) -> Served<Jobs> {
        Served::of_parts(Some(Arc::new(Jobs { jobs, total })), parts.iter().copied(), self.clock.now())
    }
}
