//! The way of a call: token, limits, answer (`routes.rs`), headers.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{
    API_VERSION, Terraform, VERSION, View,
    answer::{Refusal, document},
    id, json,
    parameters::Parameters,
    routes, state,
};

pub(super) async fn endpoint(
    State(terraform): State<Terraform>,
    Path(path): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let (world, now) = (terraform.world(), terraform.now());
    let path = path.trim_end_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    let mut response = if segments == ["ping"] {
        // Clients ask it before they trust their token, to learn the version and the limit.
        let limit = HeaderValue::from(world.limits.requests_per_second);
        (StatusCode::NO_CONTENT, [("x-ratelimit-limit", limit)]).into_response()
    } else if !is_authorized(&terraform, &headers) {
        Refusal::Unauthorized.into_response()
    } else {
        let is_run_list = matches!(segments.as_slice(), ["workspaces" | "organizations", _, "runs"]);
        let charge = terraform.0.meter.charge(world.limits, now, is_run_list);
        let view = View { world: &world, url: &terraform.0.url, now };
        let answer = if charge.is_refused {
            Err(Refusal::TooManyRequests)
        } else {
            routes::answer(&view, path, &segments, &Parameters(pairs))
        };
        let mut response = answer.map_or_else(Refusal::into_response, |body| document(&body));
        charge.write(response.headers_mut());
        response
    };
    name_itself(response.headers_mut());
    response
}

/// What a state's download address leads to. The real one is signed and asks for no token.
pub(super) async fn blob(State(terraform): State<Terraform>, Path(name): Path<String>) -> Response {
    let (world, now) = (terraform.world(), terraform.now());
    let state = name.strip_prefix("state-").and_then(|id| {
        let (key, number) = id::decode("sv", id)?;
        state::find(world.by_key(key)?, number, now)
    });
    state.map_or_else(|| Refusal::NotFound.into_response(), |state| Json(json::state::raw(&state)).into_response())
}

/// What its router answers to a path it does not know.
pub(super) async fn unknown() -> Response {
    Refusal::NotFound.into_response()
}

fn name_itself(headers: &mut HeaderMap) {
    headers.insert("tfp-api-version", HeaderValue::from_static(API_VERSION));
    headers.insert("tfp-appname", HeaderValue::from_static("Terraform Enterprise"));
    headers.insert("x-tfe-version", HeaderValue::from_static(VERSION));
    headers.insert("x-tfe-current-version", HeaderValue::from_static(VERSION));
}

fn is_authorized(terraform: &Terraform, headers: &HeaderMap) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    verify_slices_are_equal(sent.unwrap_or_default().as_bytes(), terraform.token().as_bytes()).is_ok()
}
