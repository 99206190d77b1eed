//! What stands before every upstream: the call log, the faults, and `/__simulator/…` to steer both from a script.
//!
//! `GET /__simulator/faults` shows the plan, `DELETE` clears it, `POST` changes it: `{"fault": {"kind": "hang"}}` until
//! cleared, `{"fault": {…}, "calls": 3}` for the next three calls, `{"fault": null}` back to good behaviour.
//! `GET /__simulator/calls` shows the log, `DELETE` empties it. Both live on the listener they steer and never fail.

use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Upstream,
    calls::{Calls, FullPaths},
    clock::Clock,
    fault::{self, Fault, Faults, shape},
    quota::{Quota, Refused},
    server::DropConnection,
};

/// The log and the faults of one upstream.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) upstream: Upstream,
    pub(crate) calls: Calls,
    pub(crate) faults: Faults,
    pub(crate) quota: Quota,
    pub(crate) clock: Clock,
}

impl Control {
    pub(crate) fn new(upstream: Upstream, clock: Clock) -> Self {
        Self { upstream, calls: Calls::default(), faults: Faults::default(), quota: Quota::default(), clock }
    }

    /// Puts the log and the faults before `router`, and the control endpoints beside it.
    pub(crate) fn wrap(&self, router: Router) -> Router {
        let controls = Router::new()
            .route("/__simulator/faults", get(show_faults).post(change_faults).delete(clear_faults))
            .route("/__simulator/calls", get(show_calls).delete(reset_calls))
            .with_state(self.clone());
        router.layer(from_fn_with_state(self.clone(), intercept)).merge(controls)
    }
}

async fn intercept(State(control): State<Control>, request: Request, next: Next) -> Response {
    let (now, upstream) = (control.clock.now(), control.upstream);
    let number = control.calls.arrived(now, request.method().as_str(), request.uri());
    let response = match (control.faults.take(request.uri().path()), control.quota.take(now)) {
        (Some(fault), _) => fault::answer(upstream, now, fault, request, next).await,
        (None, Err(Refused { limit, wait })) => shape::throttled(upstream, Some(wait), Some(limit), now),
        (None, Ok(())) => next.run(request).await,
    };
    if response.extensions().get::<DropConnection>().is_some() {
        return response;
    }
    let full_paths = response.extensions().get::<FullPaths>().map(|paths| paths.0);
    control.calls.answered(number, response.status().as_u16(), full_paths);
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    fault: Option<Fault>,
    calls: Option<u32>,
}

async fn show_faults(State(control): State<Control>) -> Json<Value> {
    Json(control.faults.to_json())
}

async fn change_faults(State(control): State<Control>, Json(change): Json<Change>) -> Response {
    match (change.fault, change.calls) {
        (None, _) => control.faults.clear(),
        (Some(fault), None) => control.faults.always(fault),
        (Some(fault), Some(calls)) => control.faults.next_calls(calls, fault),
    }
    Json(control.faults.to_json()).into_response()
}

async fn clear_faults(State(control): State<Control>) -> Json<Value> {
    control.faults.clear();
    Json(control.faults.to_json())
}

async fn show_calls(State(control): State<Control>) -> Json<Value> {
    Json(json!({ "count": control.calls.count(), "recent": control.calls.recent() }))
}

async fn reset_calls(State(control): State<Control>) -> Json<Value> {
    control.calls.reset();
    Json(json!({ "count": 0, "recent": [] }))
}
