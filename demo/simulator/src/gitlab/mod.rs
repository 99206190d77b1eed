//! A fake GitLab: its GraphQL endpoint and the few REST calls a catalogue needs, over a world of projects.
//!
//! It enforces what a real one enforces (at most 50 `fullPaths`, the complexity limit, the query size, silent dropping of
//! what the token may not see, no order) because each of those has an answer that looks right until production.

mod auth;
mod commit;
mod deployment;
mod deployment_rest;
mod graphql;
mod job;
mod merge_request;
mod paging;
mod pipeline;
mod project;
mod project_list;
mod release;
mod rest;
mod seen;
mod world;

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use chrono::{DateTime, Utc};

pub use deployment::Pace;
pub use pipeline::Status as PipelineStatus;
pub use project::{Project, Visibility};
pub(crate) use seen::DeploymentSeen;
pub use world::{World, WorldBuilder};

use crate::Clock;

/// The version it claims to be.
pub const VERSION: &str = "18.5.0-ee";

pub(crate) const REVISION: &str = "0d1c0ffee42";

const BODY_BYTES_MAX: usize = 1 << 20;

/// The fake GitLab's state. Clones share it.
#[derive(Clone)]
pub struct Gitlab(Arc<Inner>);

struct Inner {
    url: String,
    token: String,
    clock: Clock,
    world: RwLock<World>,
    /// Projects that were changed while it runs.
    pushed: Mutex<Vec<String>>,
}

impl Gitlab {
    pub(crate) fn new(url: String, token: String, world: World, clock: Clock) -> Self {
        Self(Arc::new(Inner { url, token, clock, world: RwLock::new(world), pushed: Mutex::default() }))
    }

    /// Adds a project, or replaces the one of the same path, which keeps its id.
    pub fn put_project(&self, project: Project) {
        self.note_pushed(&project.full_path);
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).put(project);
    }

    /// The full paths of all projects, hidden ones included.
    pub fn paths(&self) -> Vec<String> {
        self.world().paths()
    }

    /// Renames or moves a project, which keeps its id.
    pub fn move_project(&self, full_path: &str, to: &str) {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).rename(full_path, to);
    }

    /// Removes a project; its path reads as unknown from now on.
    pub fn remove_project(&self, full_path: &str) {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).remove(full_path);
    }

    pub(crate) fn token(&self) -> &str {
        &self.0.token
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    fn world(&self) -> RwLockReadGuard<'_, World> {
        self.0.world.read().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn router(gitlab: Gitlab) -> Router {
    let graphql = Router::new()
        .route("/api/graphql", post(graphql::endpoint))
        .route_layer(middleware::from_fn_with_state(gitlab.clone(), auth::graphql));
    let rest = Router::new()
        .route("/api/v4/metadata", get(rest::metadata))
        .route("/api/v4/version", get(rest::metadata))
        .route("/api/v4/personal_access_tokens/self", get(rest::token))
        .route("/api/v4/groups/{id}/projects", get(project_list::of_group))
        .route("/api/v4/projects/{id}", get(rest::project))
        .route("/api/v4/projects/{id}/languages", get(rest::languages))
        .route("/api/v4/projects/{id}/deployments", get(deployment_rest::list))
        .route("/api/v4/projects/{id}/deployments/{number}", get(deployment_rest::one))
        .route("/api/v4/projects/{id}/deployments/{number}/merge_requests", get(deployment_rest::merge_requests))
        .route("/api/v4/projects/{id}/repository/commits", get(deployment_rest::commits))
        .route("/api/v4/projects/{id}/environments", get(deployment_rest::environments))
        .route("/api/v4/projects/{id}/repository/files/{path}/raw", get(rest::raw_file))
        .route_layer(middleware::from_fn_with_state(gitlab.clone(), auth::rest));
    graphql.merge(rest).fallback(rest::not_found).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(gitlab)
}

/// What Git would call this content: the same for the same.
fn blob_id(content: &str) -> String {
    let part = |topic| crate::seed::draw(content, topic);
    format!("{:016x}{:016x}{:08x}", part("blob"), part("blob's middle"), part("blob's end") >> 32)
}
