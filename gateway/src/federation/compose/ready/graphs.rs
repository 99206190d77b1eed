//! Of whom a supergraph is: `join__Graph`.

use apollo_compiler::ast::{Definition, Directive, Document, EnumValueDefinition};
use url::Url;

use super::super::{Diagnostic, OWN, requires};

/// Longest name, as other gateways have it.
const NAME_MAX: usize = 64;

/// A subgraph of a supergraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadySubgraph {
    /// Its name.
    pub name: String,
    /// Where it answers.
    pub url: Url,
}

/// Those of a supergraph.
#[derive(Debug)]
pub struct Graphs {
    /// What we are called within it, such as `WEFT`.
    pub own: String,
    /// All others.
    pub subgraphs: Vec<ReadySubgraph>,
}

/// An address that may be called, or what is wrong with it.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("the address is none: {error}"))?;
    match sources::upstream::address_problem(&url) {
        Some(problem) => Err(format!("the address {problem}")),
        None => Ok(url),
    }
}

/// Reads them; our own must be among them, and only once.
pub fn read(supergraph: &Document) -> Result<Graphs, Vec<Diagnostic>> {
    let of_graphs = supergraph.definitions.iter().find_map(|definition| match definition {
        Definition::EnumTypeDefinition(of) if of.name == "join__Graph" => Some(of),
        _ => None,
    });
    let Some(of_graphs) = of_graphs else {
        return Err(vec![Diagnostic::of_all("it is no supergraph: it has no `enum join__Graph`")]);
    };
    let (mut own, mut subgraphs, mut problems) = (Vec::new(), Vec::<ReadySubgraph>::new(), Vec::new());
    for value in &of_graphs.values {
        let Some((name, url)) = named(value) else {
            let message = format!("`{}` of join__Graph needs @join__graph with `name` and `url`", value.value);
            problems.push(Diagnostic::of_all(message));
            continue;
        };
        if name.eq_ignore_ascii_case(OWN) {
            own.push(value.value.to_string());
            continue;
        }
        let is_name = name.len() <= NAME_MAX
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            && [name, value.value.as_str()].iter().all(|name| requires::service(name) == *name);
        if !is_name || subgraphs.iter().any(|known| known.name == name) {
            let message = format!(
                "a name is a letter, then letters, digits, `_` and `-`, {NAME_MAX} at most, and of one subgraph only"
            );
            problems.push(Diagnostic::of(name, message));
        }
        match address(url) {
            Ok(url) => subgraphs.push(ReadySubgraph { name: name.to_owned(), url }),
            Err(problem) => problems.push(Diagnostic::of(name, problem)),
        }
    }
    if own.len() > 1 {
        problems.push(Diagnostic::of(OWN, "is in join__Graph more than once"));
    }
    match own.pop() {
        Some(own) if problems.is_empty() => Ok(Graphs { own, subgraphs }),
        Some(_) => Err(problems),
        None => {
            let message = format!("no subgraph is named `{OWN}`: compose it with what `weft sdl --federation` prints");
            problems.push(Diagnostic::of_all(message));
            Err(problems)
        }
    }
}

fn named(value: &EnumValueDefinition) -> Option<(&str, &str)> {
    let graph: &Directive = value.directives.get("join__graph")?;
    let text = |name: &str| graph.specified_argument_by_name(name)?.as_str();
    Some((text("name")?, text("url")?))
}
