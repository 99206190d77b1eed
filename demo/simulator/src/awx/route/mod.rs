//! Which address gives what. Every one exists under both prefixes, and without its closing slash as a redirect.

mod detail;
mod list;
mod sublist;

use axum::{
    Router,
    extract::{Path, Request, State},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any, get},
};

use super::{
    Awx, auth,
    call::{Call, PREFIXES},
    http,
    model::{self, Model},
    options, page,
    refusal::Refusal,
    root,
};

type Answer = Result<Response, Refusal>;
type ListAddress = (&'static str, &'static Model, fn(&Call) -> Answer);
type BelowAddress = (&'static str, &'static Model, fn(&Call, u64) -> Answer);

pub(crate) fn router(awx: Awx) -> Router {
    let (mut open, mut closed, mut bare) = (Router::new(), Router::new(), Router::new());
    for path in ["/api/", "/api/controller/"] {
        open = open.route(path, get(root::versions));
        bare = bare.route(path.trim_end_matches('/'), any(http::add_slash));
    }
    for prefix in PREFIXES {
        for (path, handler) in [("/", get(root::version)), ("/ping/", get(root::ping))] {
            open = open.route(&format!("{prefix}{path}"), handler);
            bare = bare.route(format!("{prefix}{path}").trim_end_matches('/'), any(http::add_slash));
        }
        for (path, handler) in addresses() {
            closed = closed.route(&format!("{prefix}/{path}/"), handler);
            bare = bare.route(&format!("{prefix}/{path}"), any(http::add_slash));
        }
    }
    let closed = closed.route_layer(middleware::from_fn_with_state(awx.clone(), auth::check));
    let all = open.merge(closed).merge(bare).fallback(unknown);
    all.layer(middleware::from_fn(http::headers)).with_state(awx)
}

async fn unknown(State(awx): State<Awx>, request: Request) -> Response {
    if request.method().is_safe() {
        return Refusal::unknown_path().into_response();
    }
    // Writing has addresses that are not served here, such as `launch/`: the token's scope refuses them all alike.
    auth::verify(request.headers(), awx.token()).err().unwrap_or_else(Refusal::forbidden).into_response()
}

fn addresses() -> Vec<(&'static str, MethodRouter<Awx>)> {
    let mut all = vec![("config", get(root::config))];
    let lists: [ListAddress; 16] = [
        ("me", &model::USER, list::me),
        ("users", &model::USER, list::users),
        ("organizations", &model::ORGANIZATION, list::organizations),
        ("teams", &model::TEAM, list::teams),
        ("projects", &model::PROJECT, list::projects),
        ("inventories", &model::INVENTORY, list::inventories),
        ("hosts", &model::HOST, list::hosts),
        ("schedules", &model::SCHEDULE, list::schedules),
        ("unified_job_templates", &model::UNIFIED_JOB_TEMPLATE, list::unified_job_templates),
        ("job_templates", &model::JOB_TEMPLATE, list::job_templates),
        ("workflow_job_templates", &model::WORKFLOW_JOB_TEMPLATE, list::workflow_job_templates),
        ("unified_jobs", &model::UNIFIED_JOB, list::unified_jobs),
        ("jobs", &model::JOB, list::jobs),
        ("workflow_jobs", &model::WORKFLOW_JOB, list::workflow_jobs),
        ("workflow_job_nodes", &model::NODE, list::nodes),
        ("tokens", &model::TOKEN, list::tokens),
    ];
    for (path, model, handler) in lists {
        let read = get(move |call: Call| async move { handler(&call) });
        all.push((path, read.options(move || async move { options::answer(model) })));
    }
    let details: [BelowAddress; 27] = [
        ("users/{id}", &model::USER, detail::user),
        ("organizations/{id}", &model::ORGANIZATION, detail::organization),
        ("teams/{id}", &model::TEAM, detail::team),
        ("projects/{id}", &model::PROJECT, detail::project),
        ("inventories/{id}", &model::INVENTORY, detail::inventory),
        ("hosts/{id}", &model::HOST, detail::host),
        ("schedules/{id}", &model::SCHEDULE, detail::schedule),
        ("job_templates/{id}", &model::JOB_TEMPLATE, detail::job_template),
        ("workflow_job_templates/{id}", &model::WORKFLOW_JOB_TEMPLATE, detail::workflow_job_template),
        ("jobs/{id}", &model::JOB, detail::job),
        ("workflow_jobs/{id}", &model::WORKFLOW_JOB, detail::workflow_job),
        ("workflow_job_nodes/{id}", &model::NODE, detail::node),
        ("tokens/{id}", &model::TOKEN, detail::token),
        ("jobs/{id}/job_host_summaries", &model::SUMMARY, sublist::summaries),
        ("workflow_jobs/{id}/workflow_nodes", &model::NODE, sublist::nodes),
        ("job_templates/{id}/jobs", &model::JOB, sublist::jobs),
        ("workflow_job_templates/{id}/workflow_jobs", &model::WORKFLOW_JOB, sublist::workflow_jobs),
        ("job_templates/{id}/schedules", &model::SCHEDULE, sublist::job_template_schedules),
        ("workflow_job_templates/{id}/schedules", &model::SCHEDULE, sublist::workflow_job_template_schedules),
        ("schedules/{id}/jobs", &model::UNIFIED_JOB, sublist::scheduled_jobs),
        ("inventories/{id}/hosts", &model::HOST, sublist::hosts),
        ("inventories/{id}/job_templates", &model::JOB_TEMPLATE, sublist::job_templates_over),
        ("organizations/{id}/projects", &model::PROJECT, sublist::projects),
        ("organizations/{id}/inventories", &model::INVENTORY, sublist::inventories),
        ("organizations/{id}/teams", &model::TEAM, sublist::teams),
        ("organizations/{id}/job_templates", &model::JOB_TEMPLATE, sublist::job_templates),
        ("organizations/{id}/workflow_job_templates", &model::WORKFLOW_JOB_TEMPLATE, sublist::workflow_job_templates),
    ];
    for (path, model, handler) in details {
        let read = get(move |Path(id): Path<String>, call: Call| async move {
            // The real addresses take digits only, so anything else is an address of nothing.
            handler(&call, id.parse().map_err(|_| Refusal::unknown_path())?)
        });
        all.push((path, read.options(move || async move { options::answer(model) })));
    }
    let empty = [
        "labels",
        "credentials",
        "notification_templates",
        "activity_stream",
        "execution_environments",
        "instance_groups",
    ];
    all.extend(empty.map(|path| (path, get(|| async { page::empty() }))));
    all
}
