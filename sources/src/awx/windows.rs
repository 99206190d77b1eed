//! How windows are read: by the numbers of the runs that their templates name, and what these do not tell by the templates.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, TryStreamExt, stream};
use schema::{AutomationTemplateRecord, RecentRuns};

use super::{
    client::{Client, IDS_MAX, ROWS_MAX},
    key,
    window::{self, Named, Window},
    wire::RECENT_RUNS,
};
use crate::{
    cache::{Access, CacheMode, SourceCache},
    caching::Found,
};

/// Calls at once for the runs that templates name.
const CALLS_AT_ONCE: usize = 4;

/// How a window learns which runs a template has: from the template, if that was read shortly before.
#[derive(Clone)]
pub(super) struct Lister {
    pub(super) templates: SourceCache<AutomationTemplateRecord>,
    pub(super) age_max: Duration,
}

impl Lister {
    /// The runs that each of these templates names; those that name none are absent.
    async fn recent_runs(&self, templates: Vec<String>) -> Found<RecentRuns> {
        let access = Access::new(CacheMode::Use).no_older_than(Some(self.age_max));
        let mut found = HashMap::new();
        for (name, outcome) in self.templates.get_many(templates, &access).await {
            let recent = outcome?.value.and_then(|template| template.recent_runs.clone());
            found.extend(recent.map(|recent| (name, recent)));
        }
        Ok(found)
    }
}

/// The key of a window, and what it asks for.
struct Asked<'a> {
    key: &'a str,
    tenant: &'a str,
    templates: Vec<i32>,
    depth: usize,
}

pub(super) async fn windows(client: Client, lister: Lister, keys: Vec<String>) -> Found<Window> {
    let asked = keys.iter().filter_map(|key| {
        let (tenant, templates, depth) = key::window(key)?;
        Some(Asked { key, tenant, templates, depth })
    });
    let (near, mut far): (Vec<_>, Vec<_>) = asked.partition(|asked| asked.depth <= RECENT_RUNS);
    let mut found = named_windows(&client, &lister, &near).await?;
    far.extend(near.into_iter().filter(|asked| !found.contains_key(asked.key)));
    far.sort_by_key(|asked| asked.depth);
    for asked in far.chunk_by(|one, next| one.depth == next.depth) {
        found.extend(filled_windows(&client, asked).await?);
    }
    Ok(found)
}

/// Those of these windows whose runs all their templates name: a call for each hundred runs.
async fn named_windows(client: &Client, lister: &Lister, asked: &[Asked<'_>]) -> Found<Window> {
    let templates: BTreeSet<String> =
        asked.iter().flat_map(|one| one.templates.iter().map(|id| key::of_one(one.tenant, *id))).collect();
    let recents = lister.recent_runs(templates.into_iter().collect()).await?;
    let named: Vec<(&Asked<'_>, Named)> = asked
        .iter()
        .filter_map(|one| {
            let recent = |id: &i32| recents.get(&key::of_one(one.tenant, *id));
            let recents: Vec<&RecentRuns> = one.templates.iter().map(recent).collect::<Option<_>>()?;
            Some((one, Named::of(&recents, one.depth)?))
        })
        .collect();
    let numbers: BTreeSet<i32> = named.iter().flat_map(|(_, named)| named.numbers.iter().copied()).collect();
    let numbers: Vec<i32> = numbers.into_iter().collect();
    let calls: Vec<_> = numbers.chunks(IDS_MAX).map(|numbers| client.runs_by_numbers(numbers)).collect();
    let jobs: Vec<_> = stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).try_collect().await?;
    let read = jobs.into_iter().flatten().map(|job| (job.number, Arc::new(job))).collect();
    Ok(named.into_iter().map(|(one, named)| (one.key.to_owned(), named.window(&read))).collect())
}

/// Windows of one depth, as few calls as the cadences of their templates allow.
async fn filled_windows(client: &Client, asked: &[Asked<'_>]) -> Found<Window> {
    let ask = |templates: Vec<i32>, before| {
        let client = client.clone();
        async move { client.runs(&templates, before, ROWS_MAX).await }
    };
    let depth = asked.first().map_or(1, |one| one.depth);
    let mut found = HashMap::new();
    for sets in together(asked.iter().map(|one| &one.templates), IDS_MAX) {
        let windows = window::fill(&sets, depth, ask).await?;
        let own = |one: &Asked<'_>| windows.get(&one.templates).map(|window| (one.key.to_owned(), window.clone()));
        found.extend(asked.iter().filter_map(own));
    }
    Ok(found)
}

/// Sets of templates, so many together that all of them hold at most `ids_max`.
fn together<'a>(sets: impl Iterator<Item = &'a Vec<i32>>, ids_max: usize) -> Vec<Vec<Vec<i32>>> {
    let mut groups: Vec<Vec<Vec<i32>>> = Vec::new();
    let mut ids = BTreeSet::new();
    for set in sets {
        ids.extend(set.iter().copied());
        match groups.last_mut().filter(|_| ids.len() <= ids_max) {
            Some(group) if group.contains(set) => {}
            Some(group) => group.push(set.clone()),
            None => {
                ids = set.iter().copied().collect();
                groups.push(vec![set.clone()]);
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_asked_for_together_as_long_as_their_templates_fit_in_one_call() {
        let sets = [vec![1, 2], vec![2], vec![2, 3], vec![1, 2], vec![4], vec![4, 5, 6], vec![1, 2, 3, 4, 5]];
        let groups = together(sets.iter(), 3);
        assert_eq!(
            groups,
            [vec![vec![1, 2], vec![2], vec![2, 3]], vec![vec![4], vec![4, 5, 6]], vec![vec![1, 2, 3, 4, 5]]]
        );
    }
}
