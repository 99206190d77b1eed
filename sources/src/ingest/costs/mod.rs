//! Takes exports of charges over: the only way into their tables. An export is read in a thread of its own, goes to Postgres by
//! COPY, and stands with its sums in one transaction: a reader sees the old slice of a billing period or the new one, never both.
//!
//! `import` is the transaction, `read` the thread, `copy` the lines between them, `slice` what is replaced as a whole, `targets` asks
//! the catalog, `sums` counts days and months, `attribute` looks again at what is for whom, `fetched` remembers what was read from
//! Azure, `met` keeps its queries and its exports apart, `told` writes the change log.

mod attribute;
mod copy;
mod fetched;
mod import;
mod met;
mod read;
mod slice;
mod sums;
mod targets;
mod told;

pub use attribute::Attributed;
pub use fetched::CostLook;
pub use import::{CostImport, CostOutcome, CostProgress, CostReport};
pub use read::CostRefusal;
pub use targets::Annotations;

pub(super) use attribute::follow;
