//! Integration tests: HTTP in, HTTP out, real Postgres, the fake upstreams over real HTTP. One module per domain.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod auth;
mod awx;
mod azure;
mod cache;
mod change_log;
mod clients;
mod cost;
mod deployments;
mod discovery;
mod doctor;
mod documents;
mod federation;
mod gitlab;
mod guard;
mod hostile;
mod http;
mod import;
mod listener;
mod lists;
mod live;
mod mutation;
mod openshift;
mod overload;
mod plans;
mod rate_limit;
mod repository;
mod response_cache;
mod restart;
mod sight;
mod spec;
mod statements;
mod stitched;
mod terraform;
mod watches;
mod webhooks;
