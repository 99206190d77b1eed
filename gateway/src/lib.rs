//! The gateway: the request's path from the socket to the graph and back, and the program `weft` around it.
//!
//! `serve.rs` starts everything, `app.rs` wires it, `http/graphql.rs` takes one request through its steps.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod admission;
mod app;
mod attribution_worker;
pub mod auth;
pub mod breaking;
mod change_log_worker;
pub mod commands;
pub mod config;
pub mod cost_worker;
mod discovery_worker;
pub mod documents;
mod executor;
pub mod federation;
mod graphiql;
pub mod guard;
mod http;
mod json_line;
mod listener;
pub mod live;
mod location_worker;
mod log_buffer;
mod new_runs_worker;
pub mod prepare;
pub mod rate_limit;
pub mod response_cache;
mod serve;
mod source_worker;
mod sync_worker;
pub mod telemetry;
mod watch_worker;
mod webhook_worker;
mod webhooks;

pub use app::App;
pub use serve::Serving;
