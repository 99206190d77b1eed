//! A fake OpenShift cluster: the reading half of its API, over a world of apps that roll out as the clock moves.
//!
//! Nothing is stored and nothing ticks: every object is a function of an [`App`] and an instant ([`moment`]), so a list,
//! a page of an old snapshot and a watch can never disagree. It enforces what a real one enforces (selectors, the life of
//! a `continue` token, both forms of 410, refusals that are `Status` objects) and writes nothing: the token is read-only.
//!
//! Start at [`endpoint`] for a request's way; [`catalog`] says which objects there are, `object/` how they look.

mod accept;
mod access;
mod app;
mod catalog;
mod cluster;
mod discovery;
mod draft;
mod endpoint;
mod list;
mod moment;
mod object;
mod page;
mod pod;
mod query;
mod resource;
mod review;
mod rollout;
mod selector;
mod slot;
mod status;
mod version;
mod watch;
mod world;

use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicU64, Ordering},
};

use axum::{Router, middleware};
use chrono::{DateTime, Utc};

pub use app::{Ailment, App, Kind};
pub use world::{StaleWatch, World, WorldBuilder};

use crate::Clock;
use version::Snapshot;

/// The fake OpenShift cluster's state. Clones share it.
#[derive(Clone)]
pub struct Openshift(Arc<Inner>);

struct Inner {
    url: String,
    token: String,
    clock: Clock,
    world: RwLock<World>,
    /// How often all watches were cut.
    cuts: AtomicU64,
}

impl Openshift {
    pub(crate) fn new(url: String, token: String, world: World, clock: Clock) -> Self {
        Self(Arc::new(Inner { url, token, clock, world: RwLock::new(world), cuts: AtomicU64::new(0) }))
    }

    /// The only bearer token it accepts.
    pub fn token(&self) -> &str {
        &self.0.token
    }

    /// Adds an app, or replaces the one of the same namespace and name. Watches see it at once.
    pub fn put_app(&self, app: App) {
        let now = self.now();
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).put(app, now);
    }

    /// Removes an app with all its objects. Watches see them deleted.
    pub fn remove_app(&self, namespace: &str, name: &str) {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).remove(namespace, name);
    }

    /// Changes what is not an app, such as who may list what, while it runs.
    pub fn change(&self, change: impl FnOnce(WorldBuilder) -> WorldBuilder) {
        let mut world = self.0.world.write().unwrap_or_else(PoisonError::into_inner);
        *world = change(WorldBuilder::from(std::mem::take(&mut *world))).build();
    }

    /// Breaks every watch that is open, in the middle of a line, as a network does.
    pub fn cut_watches(&self) {
        self.0.cuts.fetch_add(1, Ordering::SeqCst);
    }

    fn cuts(&self) -> u64 {
        self.0.cuts.load(Ordering::SeqCst)
    }

    fn url(&self) -> &str {
        &self.0.url
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    fn world(&self) -> RwLockReadGuard<'_, World> {
        self.0.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present state of everything.
    fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.now(), self.world().generation())
    }
}

pub(crate) fn router(state: Openshift) -> Router {
    // One handler for every path: which resources exist is data, and a group may be switched off while it runs.
    Router::new().fallback(endpoint::answer).layer(middleware::map_response(access::mark)).with_state(state)
}
