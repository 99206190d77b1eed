//! The list of an organization's workspaces: searches, filters, order.

use serde_json::Value;

use super::{
    View, Workspace, answer::Refusal, id, include, include::Included, json, page::Page, parameters::Parameters,
    schedule,
};

pub(super) fn list(
    view: &View<'_>,
    page: &Page<'_>,
    organization: &str,
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let wanted = parameters.includes(include::WORKSPACE)?;
    let mut found: Vec<_> =
        view.world.of(organization).filter(|workspace| is_wanted(view, workspace, parameters)).collect();
    sort(view, &mut found, parameters.get("sort").unwrap_or_default());
    let total = found.len();
    let (mut included, mut data) = (Included::default(), Vec::new());
    for workspace in page.of(found) {
        included.workspace(view, workspace, &wanted);
        data.push(json::workspace::show(view, workspace));
    }
    Ok(included.beside(page.list(view, data, total), &wanted))
}

fn is_wanted(view: &View<'_>, workspace: &Workspace, parameters: &Parameters) -> bool {
    let name = workspace.name.to_lowercase();
    let has_tag = |tag: &&str| workspace.tag_names.iter().any(|known| known == tag);
    let mut tagged = parameters.tagged().into_iter();
    let is_found = parameters.get("search[name]").is_none_or(|part| name.contains(&part.to_lowercase()))
        && parameters.get("search[wildcard-name]").is_none_or(|pattern| matches(&name, &pattern.to_lowercase()))
        && parameters.list("search[tags]").iter().all(has_tag)
        && !parameters.list("search[exclude-tags]").iter().any(has_tag)
        && tagged.all(|(key, value)| {
            workspace.tag_bindings.get(key).is_some_and(|known| value.is_none_or(|value| value == known))
        });
    let is_of_project = parameters
        .get("filter[project][id]")
        .is_none_or(|project| id::decode("prj", project).is_some_and(|(key, _)| key == workspace.project_key()));
    is_found
        && is_of_project
        && (parameters.get("filter[current-run][status]").is_none()
            || schedule::current(workspace, view.now)
                .is_some_and(|run| parameters.admits("filter[current-run][status]", run.status().word())))
}

/// `*` at the start, the end or both stands for anything.
fn matches(name: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(rest), Some(_)) => name.contains(rest.trim_end_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

/// An order it does not know leaves the order as it is.
fn sort(view: &View<'_>, workspaces: &mut [&Workspace], order: &str) {
    let (field, is_descending) = order.strip_prefix('-').map_or((order, false), |field| (field, true));
    match field {
        "name" => workspaces.sort_by(|a, b| a.name.cmp(&b.name)),
        "current-run.created-at" => {
            workspaces.sort_by_cached_key(|workspace| schedule::current(workspace, view.now).map(|run| run.created_at));
        }
        "latest-change-at" => workspaces.sort_by_cached_key(|workspace| {
            schedule::current(workspace, view.now).map_or(workspace.created_at, |run| run.changed_at())
        }),
        _ => return,
    }
    if is_descending {
        workspaces.reverse();
    }
}
