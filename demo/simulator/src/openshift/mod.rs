//! A fake OpenShift cluster.

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};

use crate::Clock;

/// What the fake OpenShift cluster has.
#[derive(Clone, Default)]
pub struct World {}

/// The fake OpenShift cluster's state. Clones share it.
#[derive(Clone)]
pub struct Openshift(Arc<Inner>);

struct Inner {
    url: String,
    token: String,
    clock: Clock,
    world: World,
}

impl Openshift {
    pub(crate) fn new(url: String, token: String, world: World, clock: Clock) -> Self {
        Self(Arc::new(Inner { url, token, clock, world }))
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }
}

pub(crate) fn router(state: Openshift) -> Router {
    Router::new().with_state(state)
}
