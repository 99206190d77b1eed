//! Subgraphs: GraphQL services of teams that are part of the graph, as they are published through it.

use async_graphql::{InputObject, SimpleObject};

use crate::EntityRef;

/// A team's GraphQL service that shall be part of the graph.
#[derive(Debug, Clone, InputObject)]
pub struct PublishSubgraphInput {
    /// Its name: a lower-case letter, then letters, digits, `_` and `-`, 40 at most. One of this name is replaced.
    pub name: String,
    /// Where it answers: an https address, or http on loopback.
    pub url: String,
    /// Its SDL, with the directives of federation.
    pub sdl: String,
    /// Who answers for it; a reference without kind is one of a group.
    pub owner: Option<EntityRef>,
    /// Only tells whether it could be published; nothing is changed.
    #[graphql(default)]
    pub dry_run: bool,
}

/// Why subgraphs do not make a graph.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct SubgraphDiagnostic {
    /// The subgraph at fault; null when it is not one alone.
    pub subgraph: Option<String>,
    /// Where in its SDL, such as `Component.incidents`; null when it is the whole.
    pub place: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}
