//! A fake Terraform Enterprise.

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};

use crate::Clock;

/// What the fake Terraform Enterprise has.
#[derive(Clone, Default)]
pub struct World {}

/// The fake Terraform Enterprise's state. Clones share it.
#[derive(Clone)]
pub struct Terraform(Arc<Inner>);

struct Inner {
    url: String,
    token: String,
    clock: Clock,
    world: World,
}

impl Terraform {
    pub(crate) fn new(url: String, token: String, world: World, clock: Clock) -> Self {
        Self(Arc::new(Inner { url, token, clock, world }))
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }
}

pub(crate) fn router(state: Terraform) -> Router {
    Router::new().with_state(state)
}
