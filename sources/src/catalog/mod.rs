//! Catalog files: from text to documents that are known to be valid, or to refusals that say what is wrong and where.
//! No database and no network here; `ingest` takes the documents over.
//!
//! `files` finds them, `parse` reads them with their places, `validate` checks them as Backstage does, `relations` reads the
//! relations out of them.

mod conflicts;
mod document;
mod files;
mod json;
mod limits;
mod node;
mod packed;
mod parse;
mod read;
mod relations;
mod size;
#[cfg(test)]
mod tests;
mod validate;

pub use conflicts::resolve_conflicts;
pub use document::{CatalogDocument, DeclaredRelation, Outcome, Refusal};
pub use files::read_paths;
pub use limits::Limits;
pub use packed::PackedDocument;
pub use read::read_text;
