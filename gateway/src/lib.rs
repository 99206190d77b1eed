//! The gateway: the request's path from the socket to the graph and back, and the program `weft` around it.
//!
//! `serve.rs` starts everything, `app.rs` wires it, `http/graphql.rs` takes one request through its steps.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod admission;
mod app;
mod attribution_worker;
pub mod auth;
pub mod breaking;
pub mod commands;
pub mod config;
pub mod cost_worker;
mod discovery_worker;
pub mod documents;
mod executor;
mod graphiql;
pub mod guard;
mod http;
mod listener;
mod location_worker;
mod log_buffer;
pub mod prepare;
pub mod rate_limit;
pub mod response_cache;
mod serve;
mod sync_worker;
pub mod telemetry;

pub use app::App;
pub use serve::Serving;
