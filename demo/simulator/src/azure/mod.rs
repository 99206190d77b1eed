//! A fake Azure: Resource Manager, Resource Graph, alerts, Blob storage, Cost Management's queries, and Entra's token endpoint, over a world of resource groups.
//!
//! It enforces what the real one enforces and what looks right until production: a token that ends, an `api-version` on
//! every path, quotas that follow the clock, rows that are silently missing, pages that cannot go on without `id`. All of
//! it stands on one listener. Paths lead through `arm.rs`; Resource Graph and its query language are in `graph/`.

mod alert;
mod arm;
mod call;
mod cost;
mod entra;
mod error;
mod filter;
mod group;
mod ids;
mod limits;
mod page;
mod params;
mod quota;
mod resource;
mod rest;
mod storage;
mod time;
mod token;
mod version;
mod world;

mod graph;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router, middleware,
    routing::{get, post},
};
use chrono::{DateTime, Utc};

pub use alert::AlertRule;
pub use cost::{CostLine, QpuLimit};
pub use group::Group;
pub use limits::Limits;
pub use resource::{Resource, Sku};
pub use storage::BlobFault;
pub use world::{World, WorldBuilder};

use crate::Clock;
use quota::Quotas;

/// The only client that gets tokens.
pub const CLIENT_ID: &str = "simulated-azure-client";

/// The tenant of a world that names no other.
pub const TENANT_ID: &str = "6f1d7a52-0c3e-4b8a-9a41-2d5e8c7b9f10";

/// The fake Azure's state. Clones share it.
#[derive(Clone)]
pub struct Azure(Arc<Inner>);

struct Inner {
    url: String,
    secret: String,
    clock: Clock,
    world: RwLock<World>,
    quotas: Mutex<Quotas>,
    account: Mutex<storage::Account>,
    costs: Mutex<cost::Costs>,
    answers: AtomicU64,
}

impl Azure {
    pub(crate) fn new(url: String, secret: String, world: World, clock: Clock) -> Self {
        let (quotas, account, answers) = (Mutex::default(), Mutex::default(), AtomicU64::new(0));
        let costs = Mutex::default();
        Self(Arc::new(Inner { url, secret, clock, world: RwLock::new(world), quotas, account, costs, answers }))
    }

    /// Adds a group, or replaces the one of the same subscription and name.
    pub fn put_group(&self, group: Group) {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).put(group);
    }

    /// Removes a group with all its resources and alerts. Its subscription goes with its last group.
    pub fn remove_group(&self, subscription_id: &str, name: &str) {
        self.0.world.write().unwrap_or_else(PoisonError::into_inner).remove(subscription_id, name);
    }

    /// The secret of [`CLIENT_ID`].
    pub fn client_secret(&self) -> &str {
        &self.0.secret
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

    fn quotas(&self) -> MutexGuard<'_, Quotas> {
        self.0.quotas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts answers, so that each has ids of its own.
    fn next_answer(&self) -> u64 {
        self.0.answers.fetch_add(1, Ordering::Relaxed)
    }
}

pub(crate) fn router(azure: Azure) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(entra::token))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(entra::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(entra::keys))
        .route("/common/discovery/instance", get(entra::instance))
        .merge(storage::router())
        // Not routes: Azure ignores case in paths, and a scope may be of any depth.
        .fallback(arm::dispatch)
        .layer(middleware::from_fn_with_state(azure.clone(), call::stamp))
        .with_state(azure)
}
