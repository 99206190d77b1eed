//! `SubgraphRegistry`: how mutations publish subgraphs. Whoever composes and serves the graph implements it; here nothing is known of
//! composition.

use futures::future::BoxFuture;
use schema::{AuditEntry, PublishSubgraphInput, SubgraphDiagnostic, UserErrorCode};
use sources::SourceError;

/// Takes subgraphs in and out.
pub trait SubgraphRegistry: Send + Sync {
    /// The tenant whose administrators may: the graph is that of all tenants.
    fn tenant(&self) -> &str;

    /// Composes it with the others, and publishes it unless that is only tried.
    fn publish<'a>(&'a self, subgraph: &'a PublishSubgraphInput, by: ChangedBy<'a>) -> Changing<'a>;

    /// Removes the one with this name, where the others make a graph without it.
    fn remove<'a>(&'a self, name: &'a str, by: ChangedBy<'a>) -> Changing<'a>;
}

/// A change under way.
pub type Changing<'a> = BoxFuture<'a, Result<SubgraphChange, SourceError>>;

/// Who changes the subgraphs.
pub struct ChangedBy<'a> {
    /// The record of the change, who and in which request filled in.
    pub audit: AuditEntry,
    /// The tenant whose audit log tells of it.
    pub tenant: &'a str,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubgraphChange {
    /// The graph is this version now.
    Changed(i64),
    /// Nothing was to be changed; the graph is this version.
    Same(i64),
    /// It was only tried, and it fits.
    Fits,
    /// Nothing was changed, for these reasons.
    Refused(UserErrorCode, Vec<SubgraphDiagnostic>),
}
