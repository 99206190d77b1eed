//! The harness of the integration tests: a platform per test, over a database of its own, through real HTTP.
//!
//! `make test` starts one Postgres for all tests and names it in WEFT_TEST_DATABASE_URL; without that a test starts its own.
//! So it does with Redis and WEFT_TEST_REDIS_URL; where redis-server is not installed the tests that need it are skipped.

mod database;
mod events;
mod faults;
mod plans;
mod platform;
mod program;
mod redis;
mod statements;
mod stream;
mod until;

pub use faults::faults;
pub use plans::Plans;
pub use platform::{Answer, Client, Replica, TestPlatform};
pub use program::Program;
pub use redis::TestRedis;
pub use statements::Statements;
pub use stream::{EventStream, Socket, StreamEvent};
pub use until::{until, until_within};
