//! Fields that require or provide each other in a circle: none of them could be asked first.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::{
    Name,
    ast::{Definition, Document},
};

use super::{
    Diagnostic,
    keys::{enum_argument, service_names, text_argument},
    requires::{coordinates, type_of},
};

/// A type and one of its fields.
type Coordinate = (Name, Name);

/// The circles in a supergraph.
pub fn problems(supergraph: &Document) -> Vec<Diagnostic> {
    let names = service_names(supergraph);
    let mut problems = Vec::new();
    for directive in ["requires", "provides"] {
        let mut needs: BTreeMap<Coordinate, (String, BTreeSet<Coordinate>)> = BTreeMap::new();
        for definition in &supergraph.definitions {
            let Definition::ObjectTypeDefinition(object) = definition else { continue };
            for field in &object.fields {
                for join in field.directives.get_all("join__field") {
                    let (Some(graph), Some(fields)) = (enum_argument(join, "graph"), text_argument(join, directive))
                    else {
                        continue;
                    };
                    let from = match directive {
                        "requires" => Some(object.name.clone()),
                        _ => type_of(supergraph, &object.name, &field.name),
                    };
                    let named = from.map(|from| coordinates(supergraph, &from, fields)).unwrap_or_default();
                    let service = names.get(graph).cloned().unwrap_or_default();
                    needs
                        .entry((object.name.clone(), field.name.clone()))
                        .or_insert((service, BTreeSet::new()))
                        .1
                        .extend(named);
                }
            }
        }
        for (at, (service, _)) in needs.iter().filter(|(at, _)| is_round(at, &needs)) {
            let message = format!("@{directive} comes back to the field that it is on: take one out of the circle");
            problems.push(Diagnostic::of(service, message).at(format!("{}.{}", at.0, at.1)));
        }
    }
    problems
}

/// Whether what a field needs leads back to it.
fn is_round(start: &Coordinate, needs: &BTreeMap<Coordinate, (String, BTreeSet<Coordinate>)>) -> bool {
    let (mut waiting, mut seen) = (vec![start], BTreeSet::new());
    while let Some(at) = waiting.pop() {
        for next in needs.get(at).into_iter().flat_map(|(_, named)| named) {
            if next == start {
                return true;
            }
            if seen.insert(next) {
                waiting.push(next);
            }
        }
    }
    false
}
