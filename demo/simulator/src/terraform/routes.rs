//! Every call it answers. The real one minds no slash at the end of a path, so paths are matched by segment.

use serde_json::{Value, json};

use super::{
    View,
    answer::Refusal,
    assessment, id,
    include::{self, Included},
    json,
    page::Page,
    parameters::Parameters,
    run::Run,
    run_list, schedule, state, workspace_list,
};

pub(super) fn answer(
    view: &View<'_>,
    path: &str,
    segments: &[&str],
    parameters: &Parameters,
) -> Result<Value, Refusal> {
    let page = Page::new(path, parameters);
    let found = match *segments {
        ["account", "details"] => Some(data(json::user::service_account())),
        ["users", id] => json::user::find(id).map(data),
        ["organizations"] => Some(organizations(view, &page, parameters)),
        ["organizations", name, ref rest @ ..] if view.world.has_organization(name) => {
            return organization(view, &page, parameters, name, rest);
        }
        ["projects", id] => id::decode("prj", id).and_then(|(key, _)| json::project::show(view, key)).map(data),
        ["workspaces", id, ref rest @ ..] => return workspace(view, &page, parameters, id, rest),
        ["runs", id, ref rest @ ..] => return of_run(view, parameters, id, rest),
        ["plans", id] => find_run(view, "plan", id).map(|run| data(json::plan::plan(view, &run))),
        ["applies", id] => find_run(view, "apply", id).map(|run| data(json::plan::apply(view, &run))),
        ["cost-estimates", id] => find_run(view, "ce", id).and_then(|run| json::cost_estimate::show(&run)).map(data),
        ["configuration-versions", id] => find_run(view, "cv", id).map(|run| data(json::configuration::version(&run))),
        ["configuration-versions", id, "ingress-attributes"] => {
            find_run(view, "cv", id).and_then(|run| json::configuration::ingress(&run)).map(data)
        }
        ["assessment-results", id] => id::decode("asmtres", id).and_then(|(key, number)| {
            assessment::find(view.world.by_key(key)?, number, view.now)
                .map(|result| data(json::assessment::show(&result)))
        }),
        ["state-versions"] => states(view, &page, parameters),
        ["state-versions", id] => match find_state(view, id) {
            Some(state) => return json::state::with_outputs(view, &state, parameters),
            None => None,
        },
        ["state-versions", id, "outputs"] => find_state(view, id).map(|state| {
            let outputs: Vec<_> = state.outputs().collect();
            let rows = page.of(&outputs).into_iter().map(|(id, output)| json::state::output(id, output)).collect();
            page.list(view, rows, outputs.len())
        }),
        ["state-version-outputs", id] => state::output_place(id).and_then(|(key, number, place)| {
            let state = state::find(view.world.by_key(key)?, number, view.now)?;
            state.outputs().nth(place).map(|(id, output)| data(json::state::output(&id, output)))
        }),
        _ => None,
    };
    found.ok_or(Refusal::NotFound)
}

fn organizations(view: &View<'_>, page: &Page<'_>, parameters: &Parameters) -> Value {
    let wanted = parameters.get("q").or_else(|| parameters.get("q[name]")).unwrap_or_default();
    let names: Vec<_> = view.world.organizations().into_iter().filter(|name| name.contains(wanted)).collect();
    let rows = page.of(&names).into_iter().map(|name| json::organization::show(view, name)).collect();
    page.list(view, rows, names.len())
}

/// Both filters are needed: without them there is nothing to find.
fn states(view: &View<'_>, page: &Page<'_>, parameters: &Parameters) -> Option<Value> {
    let organization = parameters.get("filter[organization][name]")?;
    let workspace = view.world.by_name(organization, parameters.get("filter[workspace][name]")?)?;
    let states: Vec<_> = state::all(workspace, view.now).collect();
    let rows = page.of(&states).into_iter().map(|state| json::state::show(view, state)).collect();
    Some(page.list(view, rows, states.len()))
}

fn organization(
    view: &View<'_>,
    page: &Page<'_>,
    parameters: &Parameters,
    name: &str,
    rest: &[&str],
) -> Result<Value, Refusal> {
    match *rest {
        [] => include::organization(view, name, parameters),
        ["entitlement-set"] => Ok(data(json::organization::entitlements(name))),
        ["projects"] => Ok(json::project::list(view, page, name, parameters)),
        ["workspaces"] => workspace_list::list(view, page, name, parameters),
        ["workspaces", workspace] => {
            let found = view.world.by_name(name, workspace).ok_or(Refusal::NotFound)?;
            include::workspace(view, found, parameters)
        }
        ["runs"] => run_list::of_organization(view, page, name, parameters),
        _ => Err(Refusal::NotFound),
    }
}

fn workspace(
    view: &View<'_>,
    page: &Page<'_>,
    parameters: &Parameters,
    id: &str,
    rest: &[&str],
) -> Result<Value, Refusal> {
    let workspace = view.world.by_id(id).ok_or(Refusal::NotFound)?;
    match *rest {
        [] => include::workspace(view, workspace, parameters),
        ["runs"] => run_list::of_workspace(view, page, workspace, parameters),
        ["current-assessment-result"] => {
            let result = assessment::current(workspace, view.now).ok_or(Refusal::NotFound)?;
            Ok(data(json::assessment::show(&result)))
        }
        ["current-state-version"] => {
            let state = state::current(workspace, view.now).ok_or(Refusal::NotFound)?;
            json::state::with_outputs(view, &state, parameters)
        }
        ["current-state-version-outputs"] => {
            let state = state::current(workspace, view.now).ok_or(Refusal::NotFound)?;
            if !state.is_processed {
                return Err(Refusal::OutputsNotReady);
            }
            let outputs: Vec<_> = state.outputs().map(|(id, output)| json::state::output(&id, output)).collect();
            Ok(json!({ "data": outputs }))
        }
        ["tag-bindings"] | ["relationships", "tag-bindings"] => Ok(json::tag::bindings(workspace)),
        ["effective-tag-bindings"] => Ok(json!({ "data": json::tag::effective(workspace) })),
        _ => Err(Refusal::NotFound),
    }
}

fn of_run(view: &View<'_>, parameters: &Parameters, id: &str, rest: &[&str]) -> Result<Value, Refusal> {
    let run = find_run(view, "run", id).ok_or(Refusal::NotFound)?;
    let part = match *rest {
        // Nothing of the kind happens here.
        ["comments" | "policy-checks" | "run-events" | "task-stages"] => return Ok(json!({ "data": [] })),
        [] => {
            let wanted = parameters.includes(include::RUN)?;
            let mut included = Included::default();
            included.run(view, &run, &wanted);
            return Ok(included.beside(data(json::run::show(&run)), &wanted));
        }
        ["plan"] => Some(json::plan::plan(view, &run)),
        ["apply"] => Some(json::plan::apply(view, &run)),
        ["cost-estimate"] => json::cost_estimate::show(&run),
        ["configuration-version"] => Some(json::configuration::version(&run)),
        _ => None,
    };
    part.map(data).ok_or(Refusal::NotFound)
}

fn find_run<'a>(view: &View<'a>, prefix: &str, id: &str) -> Option<Run<'a>> {
    let (key, number) = id::decode(prefix, id)?;
    schedule::find(view.world.by_key(key)?, number, view.now)
}

fn find_state<'a>(view: &View<'a>, id: &str) -> Option<state::StateVersion<'a>> {
    let (key, number) = id::decode("sv", id)?;
    state::find(view.world.by_key(key)?, number, view.now)
}

fn data(resource: Value) -> Value {
    json!({ "data": resource })
}
