//! Makes one graph of Weft's own schema and the subgraphs that are published, by a library behind a function of ours.
//!
//! What could not be executed is refused here, never found out by a client: of one SDL by `supported` with `links`, `valid` and
//! `selections`, beside the others by `shared`, of the whole by `cycles` and `reach`.
//!
//! `supported` refuses what is not executed here, `own` what would take Weft's own fields over, `library` composes, `join_types` adds what the planner needs, `requires` says in its words what it cannot plan, `keys` reads which
//! fields represent entities, `public` is the graph that clients see,
//! `keeping` says how long what it holds may be kept. `ready` takes one that was composed elsewhere.

mod cycles;
mod join_types;
mod keeping;
mod keys;
mod library;
mod links;
mod own;
mod public;
mod reach;
mod ready;
pub(super) mod requires;
mod selections;
mod shared;
mod supported;
mod valid;

use apollo_compiler::ast::Document;
use sources::postgres::SubgraphRecord;

use super::OWN;

pub use keys::KeyFields;
pub use ready::{Ready, ReadySubgraph, address, ready};

/// A graph that was composed.
#[derive(Debug)]
pub struct Composed {
    /// For the planner: which service has what.
    pub supergraph_sdl: String,
    /// What documents are held against.
    pub whole_sdl: String,
    /// What clients see.
    pub public_sdl: String,
    /// The fields of the keys of each type, by service.
    pub keys: KeyFields,
}

/// Why subgraphs do not make a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The subgraph at fault, where it is one.
    pub subgraph: Option<String>,
    /// Where in its SDL, such as `Component.incidents`, where that is known.
    pub place: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Diagnostic {
    /// Of one subgraph.
    pub fn of(subgraph: &str, message: impl Into<String>) -> Self {
        Self { subgraph: Some(subgraph.to_owned()), place: None, message: message.into() }
    }

    /// Of all together.
    pub fn of_all(message: impl Into<String>) -> Self {
        Self { subgraph: None, place: None, message: message.into() }
    }

    /// The same, at this place.
    pub fn at(self, place: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..self }
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in [&self.subgraph, &self.place].into_iter().flatten() {
            write!(out, "{part}: ")?;
        }
        out.write_str(&self.message)
    }
}

/// Composes Weft's own schema with these subgraphs.
pub fn compose(subgraphs: &[SubgraphRecord]) -> Result<Composed, Vec<Diagnostic>> {
    compose_with(&resolvers::sdl::federation(), &resolvers::sdl::public(), subgraphs)
}

/// The supergraph of Weft's own schema and these subgraphs, as the library composes it: what [`ready()`] takes.
pub fn supergraph(subgraphs: &[SubgraphRecord]) -> Result<String, Vec<Diagnostic>> {
    composed(&resolvers::sdl::federation(), &resolvers::sdl::public(), subgraphs)
}

/// Whether these subgraphs make a graph that can be planned and shown.
pub fn check(subgraphs: &[SubgraphRecord]) -> Result<(), Vec<Diagnostic>> {
    if subgraphs.is_empty() {
        return Ok(());
    }
    usable(compose(subgraphs)?)
}

/// Whether a graph can be planned and shown.
pub fn usable(composed: Composed) -> Result<(), Vec<Diagnostic>> {
    let unusable = |error: String| vec![Diagnostic::of_all(error)];
    super::planner::HivePlanner::new(&composed.supergraph_sdl, composed.keys)
        .map_err(|error| unusable(error.to_string()))?;
    crate::prepare::check_schema(&composed.whole_sdl).map_err(|error| unusable(format!("{error:#}")))
}

/// Several diagnostics in one text.
pub fn listed(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

pub(super) fn compose_with(
    own_sdl: &str,
    own_public: &str,
    subgraphs: &[SubgraphRecord],
) -> Result<Composed, Vec<Diagnostic>> {
    finished(&composed(own_sdl, own_public, subgraphs)?, own_sdl, own_public)
}

/// What the library makes of them.
fn composed(own_sdl: &str, own_public: &str, subgraphs: &[SubgraphRecord]) -> Result<String, Vec<Diagnostic>> {
    let refused: Vec<Diagnostic> =
        subgraphs.iter().flat_map(|subgraph| supported::problems(&subgraph.name, &subgraph.sdl, own_public)).collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let refused = shared::problems(own_sdl, subgraphs);
    if !refused.is_empty() {
        return Err(refused);
    }
    let parts = subgraphs.iter().map(|subgraph| (subgraph.name.as_str(), subgraph.sdl.as_str(), subgraph.url.as_str()));
    let parts: Vec<_> = std::iter::once((OWN, own_sdl, "http://weft.invalid/graphql")).chain(parts).collect();
    let supergraph_sdl = library::supergraph(&parts)?;
    executable(&supergraph_sdl)?;
    Ok(supergraph_sdl)
}

/// What is added to every supergraph, and what none may have. `own_public` is what of Weft's own clients see.
fn finished(supergraph_sdl: &str, own_sdl: &str, own_public: &str) -> Result<Composed, Vec<Diagnostic>> {
    let of_all = |error: String| vec![Diagnostic::of_all(error)];
    let supergraph_sdl = join_types::completed(supergraph_sdl).map_err(of_all)?;
    let keys = KeyFields::read(&supergraph_sdl).map_err(of_all)?;
    let taken_over = own::taken_over(&supergraph_sdl, own_sdl, &keys).map_err(of_all)?;
    if !taken_over.is_empty() {
        return Err(taken_over);
    }
    let planned_sdl = requires::without(&supergraph_sdl).map_err(of_all)?;
    let keys = keys.named_as(&KeyFields::read(&planned_sdl).map_err(of_all)?);
    let public_sdl = public::graph(&supergraph_sdl, own_public).map_err(of_all)?;
    let whole_sdl = keeping::with_ages(&public_sdl, own_public).map_err(of_all)?;
    Ok(Composed { whole_sdl, public_sdl, supergraph_sdl: planned_sdl, keys })
}

/// Refuses what composes, and what no plan could be made for.
fn executable(supergraph_sdl: &str) -> Result<(), Vec<Diagnostic>> {
    let document = Document::parse(supergraph_sdl, "supergraph.graphql")
        .map_err(|error| vec![Diagnostic::of_all(error.errors.to_string())])?;
    let mut problems = cycles::problems(&document);
    problems.extend(reach::problems(&document));
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

#[cfg(test)]
mod tests;
