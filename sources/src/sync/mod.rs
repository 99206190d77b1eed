//! Synchronisation: reads what sources tell of their deployments, part by part, from where the last reading ended, and hands
//! it to the ingestion. A part is whatever a source is read by: a project of GitLab, the templates of AWX.
//!
//! `source` is what each upstream must say, `pass` one reading of all its parts, `reread` one of a single object that something happened to, `parts` what is mapped to them.

mod parts;
mod pass;
mod reread;
mod source;

pub use parts::Mapped;
pub use pass::{Pass, PassEnd, PassReport, Progress};
pub use reread::Reread;
pub use source::{DeploymentSource, Member, Part, Place, Step};
