//! The cache in front of an upstream: what is fresh is served, what is stale is served and fetched anew behind, what is missing
//! is fetched once however many ask for it at the same time. What the upstream does not have is remembered too, shortly.
//!
//! Two levels: memory, and with Redis one that replicas share (`crate::redis`). A request looks in memory; only a flight, of
//! which there is one for each missing key, looks in the shared level, takes the lease and fetches (`journey.rs`).
//! Keys hold everything an answer depends on, the tenant first; see each source for its own.

mod access;
mod batch;
mod entry;
mod evictions;
mod flight;
mod journey;
mod shared;
mod source_cache;
mod store;
mod uses;

pub use access::{Access, CacheMode, Patience};
pub use batch::Batch;
pub use entry::{Entry, Layer, Lives, Served};
pub use evictions::{Evictions, Generation};
pub use shared::{Kept, Known, SharedStore, Stamp, Wanted};
pub use source_cache::{Fetch, Parts, SourceCache};
pub use store::TagsOf;
pub use uses::{Basis, Life, Uses};
