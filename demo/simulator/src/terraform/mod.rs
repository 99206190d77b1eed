//! A fake Terraform Enterprise: the read side of its JSON:API over a world of workspaces.
//!
//! Runs, state versions, assessments and estimates are pure functions of a workspace and the clock (`schedule.rs` first). It
//! enforces what a real one enforces: pages of at most 100, includes from a closed list, both rate limits, no totals in
//! the list of an organization's runs, missing rights that read as 404. `routes.rs` has all it answers, `json/` how each
//! resource looks.

mod answer;
mod assessment;
mod believable;
mod cost;
mod endpoint;
mod id;
mod include;
mod json;
mod limit;
mod page;
mod parameters;
mod routes;
mod run;
mod run_list;
mod schedule;
mod seen;
mod state;
mod timeline;
mod workspace;
mod workspace_list;
mod world;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use axum::{Router, routing::get};
use chrono::{DateTime, Utc};

pub use limit::Limits;
pub(crate) use seen::RunSeen;
pub use workspace::{Assessments, ExecutionMode, Output, Workspace};
pub use world::{World, WorldBuilder};

use crate::Clock;

/// The API version it claims, in `TFP-API-Version`.
pub const API_VERSION: &str = "2.6";

/// The release it claims, in `X-TFE-Version`.
pub const VERSION: &str = "1.2.1";

/// The fake Terraform Enterprise's state. Clones share it.
#[derive(Clone)]
pub struct Terraform(Arc<Inner>);

struct Inner {
    url: String,
    token: String,
    clock: Clock,
    world: RwLock<World>,
    meter: limit::Meter,
}

impl Terraform {
    pub(crate) fn new(url: String, token: String, world: World, clock: Clock) -> Self {
        Self(Arc::new(Inner { url, token, clock, world: RwLock::new(world), meter: limit::Meter::default() }))
    }

    /// The only token it accepts.
    pub fn token(&self) -> &str {
        &self.0.token
    }

    /// Adds a workspace, or replaces the one of the same organization and name, which keeps its id.
    pub fn put_workspace(&self, workspace: Workspace) {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).put(workspace);
    }

    /// Removes a workspace; everything below it reads as unknown from now on.
    pub fn remove_workspace(&self, organization: &str, name: &str) {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).remove(organization, name);
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    fn world(&self) -> RwLockReadGuard<'_, World> {
        self.0.world.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer is made from.
#[derive(Clone, Copy)]
struct View<'a> {
    world: &'a World,
    url: &'a str,
    now: DateTime<Utc>,
}

pub(crate) fn router(state: Terraform) -> Router {
    Router::new()
        .route("/api/v2/{*path}", get(endpoint::endpoint))
        .route("/_archivist/v1/object/{name}", get(endpoint::blob))
        .fallback(endpoint::unknown)
        .method_not_allowed_fallback(endpoint::unknown)
        .with_state(state)
}
