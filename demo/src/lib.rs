//! The whole platform on one machine: a private Postgres and Redis, fake upstreams, an issuer, and the gateway over a seeded estate.
//! `make demo` runs it, and the tests start the very same code.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod costs;
pub mod database;
mod discovered;
pub mod estate;
mod hooked;
pub mod platform;
pub mod postgres;
pub mod redis;
pub mod sample;
mod team;
pub mod up;
pub mod upstreams;
