//! A fake AWX 24.6.1: job templates and workflow job templates, their runs, and what these belong to.
//!
//! Only reading is served, because its one token has the scope `read`; every write is refused as the real system refuses
//! it. Lists obey the real ones' rules (`filter`, `order`, `page`), since a client that leans on a filter the server
//! ignores looks right until the table is large. Nothing is stored: `world` derives every object from the templates it
//! is given, `source` and `life` derive every run from the clock. `shape` writes the JSON.

mod auth;
mod call;
mod filter;
mod host;
mod http;
mod life;
mod lookup;
mod model;
mod node;
mod options;
mod order;
mod page;
mod place;
mod refusal;
mod root;
mod route;
mod row;
mod run;
mod seen;
mod shape;
mod source;
mod template;
mod user;
mod world;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub(crate) use route::router;
pub(crate) use seen::RunSeen;
pub use template::{Kind, Template};
pub use world::{World, WorldBuilder};

use crate::Clock;

/// The version it claims to be.
pub const VERSION: &str = "24.6.1";

/// The fake AWX's state. Clones share it.
#[derive(Clone)]
pub struct Awx(Arc<Inner>);

struct Inner {
    url: String,
    token: String,
    clock: Clock,
    world: World,
}

impl Awx {
    pub(crate) fn new(url: String, token: String, world: World, clock: Clock) -> Self {
        Self(Arc::new(Inner { url, token, clock, world }))
    }

    /// The base address, such as `http://127.0.0.1:4012`, without `/api/v2/`.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The token it accepts, as Bearer or as the password of any user.
    pub fn token(&self) -> &str {
        &self.0.token
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    fn world(&self) -> &world::Parts {
        self.0.world.parts()
    }
}
