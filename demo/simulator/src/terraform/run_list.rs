//! Both lists of runs. Speculative ones are left out unless `filter[operation]` names them.

use std::{cmp::Reverse, collections::BinaryHeap};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde_json::Value;

use super::{
    View, Workspace,
    answer::Refusal,
    include::{self, Included},
    json,
    page::Page,
    parameters::Parameters,
    run::{Operation, Run},
    schedule::{self, Start},
};

const DISCARDABLE: [&str; 2] = ["planned", "cost_estimated"];

/// What the list of an organization reaches back without `filter[timeframe]`.
const YEAR: TimeDelta = TimeDelta::days(365);

pub(super) fn of_workspace(
    view: &View<'_>,
    page: &Page<'_>,
    workspace: &Workspace,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let wanted = parameters.includes(include::RUN)?;
    let runs = schedule::starts(workspace, view.now).map(|start| start.at(view.now));
    let runs: Vec<_> = runs.filter(|run| is_wanted(run, parameters)).collect();
    let total = runs.len();
    Ok(listed(view, page.of(runs), &wanted, |data| page.list(view, data, total)))
}

/// Newest first over all workspaces, without totals: counting them is what the real one spares itself.
pub(super) fn of_organization(
    view: &View<'_>,
    page: &Page<'_>,
    organization: &str,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let wanted = parameters.includes(include::RUN)?;
    let workspaces =
        view.world.of(organization).filter(|workspace| parameters.admits("filter[workspace_names]", &workspace.name));
    let starts = merged(workspaces, view.now)
        .take_while(|start| is_recent(start.created_at, view.now, parameters))
        .filter(|start| is_of_year(start.created_at, parameters));
    let found = starts.map(|start| start.at(view.now)).filter(|run| is_wanted(run, parameters));
    // One more than the page holds tells whether there is a next one.
    let mut runs: Vec<_> = found.skip(page.skipped()).take(page.size + 1).collect();
    let next = (runs.len() > page.size).then_some(page.number + 1);
    runs.truncate(page.size);
    Ok(listed(view, runs, &wanted, |data| page.untotalled(view, data, next)))
}

fn listed(view: &View<'_>, runs: Vec<Run<'_>>, wanted: &[&str], page: impl FnOnce(Vec<Value>) -> Value) -> Value {
    let mut included = Included::default();
    let data = runs.iter().map(|run| {
        included.run(view, run, wanted);
        json::run::show(run)
    });
    let data = data.collect();
    included.beside(page(data), wanted)
}

fn is_wanted(run: &Run<'_>, parameters: &Parameters) -> bool {
    let status = run.status();
    let is_of_group = match parameters.get("filter[status_group]") {
        Some("final") => status.is_final(),
        Some("non_final") => !status.is_final(),
        Some("discardable") => DISCARDABLE.contains(&status.word()),
        _ => true,
    };
    let is_of_operation = if parameters.get("filter[operation]").is_some() {
        parameters.admits("filter[operation]", run.operation.word())
    } else {
        run.operation != Operation::PlanOnly
    };
    is_of_group
        && is_of_operation
        && parameters.admits("filter[status]", status.word())
        && parameters.admits("filter[source]", run.source())
        && parameters.get("search[user]").is_none_or(|user| run.user() == user)
        && parameters.get("search[commit]").is_none_or(|commit| run.commit().starts_with(commit))
        && parameters.get("search[basic]").is_none_or(|text| {
            run.id() == text || run.message().contains(text) || run.user() == text || run.commit().starts_with(text)
        })
}

fn is_recent(created_at: DateTime<Utc>, now: DateTime<Utc>, parameters: &Parameters) -> bool {
    year(parameters).is_some() || created_at > now - YEAR
}

fn is_of_year(created_at: DateTime<Utc>, parameters: &Parameters) -> bool {
    year(parameters).is_none_or(|year| created_at.year() == year)
}

fn year(parameters: &Parameters) -> Option<i32> {
    parameters.get("filter[timeframe]")?.parse().ok()
}

/// The runs of many workspaces in one order, each worked out when its turn comes.
fn merged<'a>(workspaces: impl Iterator<Item = &'a Workspace>, now: DateTime<Utc>) -> impl Iterator<Item = Start<'a>> {
    let mut queues: Vec<_> = workspaces.map(|workspace| schedule::starts(workspace, now)).collect();
    let mut heads = BinaryHeap::new();
    let mut waiting: Vec<Option<Start<'a>>> = Vec::with_capacity(queues.len());
    for (place, queue) in queues.iter_mut().enumerate() {
        let head = queue.next();
        heads.extend(head.map(|start| (start.created_at, Reverse(place))));
        waiting.push(head);
    }
    std::iter::from_fn(move || {
        let (_, Reverse(place)) = heads.pop()?;
        let next = queues.get_mut(place)?.next();
        heads.extend(next.map(|start| (start.created_at, Reverse(place))));
        std::mem::replace(waiting.get_mut(place)?, next)
    })
}
