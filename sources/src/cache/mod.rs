//! The cache in front of an upstream: what is fresh is served, what is stale is served and fetched anew behind, what is missing
//! is fetched once however many ask for it at the same time. What the upstream does not have is remembered too, shortly.
//!
//! Keys hold everything an answer depends on, the tenant first; see each source for its own.

mod entry;
mod flight;
mod source_cache;
mod store;

pub use entry::{Entry, Lives, Served};
pub use source_cache::{CacheMode, Fetch, Parts, SourceCache};
pub use store::{EntryStore, MemoryStore};
