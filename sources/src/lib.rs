//! Everything that leaves the process for data: Postgres, the upstreams, and what is fed into Postgres from files.
//! Knows nothing of GraphQL, of HTTP servers or of the caller's token: every read takes a [`schema::Visibility`] instead.
//!
//! `postgres` reads what is stored, `ingest` writes it, a module each reads an upstream live; `upstream` is what all upstreams share,
//! `webhook` keeps what upstreams tell by themselves, `cost` reads charges from files, `cache` stands in front of the upstreams, and `redis` is the level of it that replicas share.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod awx;
pub mod azure;
pub mod cache;
mod caching;
pub mod catalog;
mod clock;
mod connector;
pub mod cost;
mod credential;
pub mod discovery;
mod error;
pub mod gitlab;
pub mod health;
pub mod ingest;
mod labelled;
pub mod openshift;
pub mod postgres;
pub mod redis;
mod registry;
mod secret;
pub mod subgraph;
pub mod sync;
mod tenants;
pub mod terraform;
pub mod upstream;
pub mod webhook;

pub use clock::Clock;
pub use connector::{About, Connector};
pub use credential::Credential;
pub use error::{BoxError, SourceError};
pub use labelled::Labelled;
pub use registry::{Config, Secrets, Sources, is_within};
pub use secret::SecretRef;
pub use tenants::{Reach, Tenants};
