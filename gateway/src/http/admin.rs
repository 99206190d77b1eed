//! Health and metrics. The public listener answers bare statuses; details are for operators only.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use crate::App;

/// The routes of the admin listener.
pub fn admin_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(super::problem::not_found)
        .with_state(app)
}

/// The process runs.
pub async fn livez() -> StatusCode {
    StatusCode::OK
}

/// Whether useful work is possible; the status alone.
pub async fn readyz_bare(State(app): State<Arc<App>>) -> StatusCode {
    if app.is_ready_lately().await { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn readyz(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let readiness = app.readiness().await;
    let status = if readiness.is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let is_verbose =
        query.is_some_and(|query| query.split('&').any(|part| part == "verbose" || part.starts_with("verbose=")));
    if is_verbose { (status, Json(readiness.details)).into_response() } else { status.into_response() }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.as_ref().map(|handle| handle.render()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// Whether useful work is possible, and why not.
pub struct Readiness {
    /// Everything that is required works.
    pub is_ready: bool,
    /// Each check by name.
    pub details: Value,
}

/// How old the answer of the public listener may be: whoever asks there must not be able to keep the database busy.
const READINESS_AGE_MAX: Duration = Duration::from_secs(1);

impl App {
    /// As [`App::readiness`], asked at most once a second however many want to know.
    async fn is_ready_lately(&self) -> bool {
        if self.is_leaving() {
            return false;
        }
        let mut known = self.readiness_known.lock().await;
        match *known {
            Some((at, is_ready)) if at.elapsed() < READINESS_AGE_MAX => is_ready,
            _ => {
                let is_ready = self.readiness().await.is_ready;
                *known = Some((Instant::now(), is_ready));
                is_ready
            }
        }
    }

    /// Checks what is required, and tells of what is not.
    pub async fn readiness(&self) -> Readiness {
        let is_draining = self.is_leaving();
        let database = self.sources.database().is_migrated().await;
        let database_word = match &database {
            Ok(true) => "ok",
            Ok(false) => "schema changes are missing: run `weft migrate`",
            Err(_) => "unreachable",
        };
        let redis_word = match self.sources.redis() {
            Some(redis) if redis.is_up().await => "ok",
            Some(_) => "down",
            None => "not configured, in process caches",
        };
        let upstreams: Vec<Value> = self
            .sources
            .records()
            .into_iter()
            .map(|source| json!({ "name": source.name, "status": format!("{:?}", source.status).to_uppercase(), "required": source.name == "postgres" }))
            .collect();
        Readiness {
            is_ready: !is_draining && matches!(database, Ok(true)),
            details: json!({
                "draining": is_draining,
                "schema": "ok",
                "database": database_word,
                "redis": redis_word,
                "sources": upstreams,
            }),
        }
    }
}
