//! A supergraph that was composed elsewhere. `graphs` says of whom it is, `executable` refuses what is not executed here, `fits` what
//! our own schema does not have, `part` leaves out of it what the file lacks; from there on it is treated as one of our own
//! composition.

mod executable;
mod fits;
mod graphs;
mod part;

use apollo_compiler::{
    Node,
    ast::{Definition, Document, Value},
};

use super::{Composed, Diagnostic, OWN, finished, join_types};

pub use graphs::{ReadySubgraph, address};

/// Most errors of syntax that are told: the others mostly follow from the first.
const SYNTAX_ERRORS_MAX: usize = 3;

/// A supergraph that can be served.
#[derive(Debug)]
pub struct Ready {
    /// The graph.
    pub composed: Composed,
    /// Those besides ourselves.
    pub subgraphs: Vec<ReadySubgraph>,
    /// Fields of our own that it lacks, such as `Component.owner`. They are asked for in operations on our own types alone.
    pub lacking: Vec<String>,
}

/// Takes a supergraph as it was composed, by whomever, or says everything that speaks against it.
pub fn ready(supergraph_sdl: &str) -> Result<Ready, Vec<Diagnostic>> {
    ready_with(&resolvers::sdl::federation(), &resolvers::sdl::public(), supergraph_sdl)
}

fn ready_with(own_sdl: &str, own_public: &str, supergraph_sdl: &str) -> Result<Ready, Vec<Diagnostic>> {
    let mut supergraph = parsed(supergraph_sdl)?;
    let (own, public) = (parsed(own_sdl)?, parsed(own_public)?);
    let mut problems = executable::problems(&supergraph, &public);
    let graphs = match graphs::read(&supergraph) {
        Ok(graphs) => graphs,
        Err(more) => {
            problems.extend(more);
            return Err(problems);
        }
    };
    join_types::complete(&mut supergraph);
    problems.extend(fits::problems(&supergraph, &own, &graphs.own));
    if !problems.is_empty() {
        return Err(problems);
    }
    name_own(&mut supergraph, &graphs.own);
    let (part, lacking) = part::of_own(public, &supergraph);
    let supergraph_sdl = supergraph.to_string();
    super::executable(&supergraph_sdl)?;
    let composed = finished(&supergraph_sdl, own_sdl, &part.to_string())?;
    Ok(Ready { composed, subgraphs: graphs.subgraphs, lacking })
}

fn parsed(sdl: &str) -> Result<Document, Vec<Diagnostic>> {
    Document::parse(sdl, "supergraph.graphql").map_err(|error| {
        let errors = error.errors.iter().take(SYNTAX_ERRORS_MAX);
        errors.map(|error| Diagnostic::of_all(format!("it cannot be read: {}", error.error))).collect()
    })
}

/// Elsewhere we may be called `Weft`.
fn name_own(supergraph: &mut Document, own: &str) {
    for definition in &mut supergraph.definitions {
        let Definition::EnumTypeDefinition(of) = definition else { continue };
        if of.name != "join__Graph" {
            continue;
        }
        for value in of.make_mut().values.iter_mut().filter(|value| value.value == own) {
            for directive in value.make_mut().directives.iter_mut().filter(|it| it.name == "join__graph") {
                for argument in directive.make_mut().arguments.iter_mut().filter(|it| it.name == "name") {
                    argument.make_mut().value = Node::new(Value::String(OWN.to_owned()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
