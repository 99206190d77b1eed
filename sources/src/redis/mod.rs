//! Redis, which replicas share: the second level of the caches. Optional in every sense: where it is not configured, is
//! away or hangs, each replica goes on with its own memory, and a request never waits for it longer than one command.
//!
//! `handle` guards each command, `keeper` keeps the connection, `listener` hears evictions, `store` keeps entries.
//! What is where in Redis, and why: docs/decisions/0005-redis-level.md.

mod config;
mod document;
mod evict;
mod handle;
mod keeper;
mod keys;
mod link;
mod listener;
mod points;
mod quota;
mod replicas;
mod store;
mod stored;

pub use config::Config;
pub use handle::Redis;
pub use keys::Namespace;
pub use points::{AccountTold, PointsAsked, PointsTold};
pub use store::RedisStore;
