//! The harness of the integration tests: a platform per test, over a database of its own, through real HTTP.
//!
//! `make test` starts one Postgres for all tests and names it in WEFT_TEST_DATABASE_URL; without that a test starts its own.

mod database;
mod platform;
mod statements;

pub use platform::{Answer, Client, TestPlatform};
pub use statements::Statements;
