//! What the composition library leaves out and the planning library needs: root types, unions and scalars say in which
//! subgraphs they are.

use std::collections::BTreeSet;

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Definition, Directive, DirectiveList, Document, FieldDefinition, Value},
};

const JOIN_TYPE: &str = "join__type";
const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// The SDL of a supergraph with what it lacks.
pub fn completed(supergraph_sdl: &str) -> Result<String, String> {
    let mut document =
        Document::parse(supergraph_sdl, "supergraph.graphql").map_err(|error| error.errors.to_string())?;
    complete(&mut document);
    Ok(document.to_string())
}

/// The same of a document. What says where it is already is left so, as other composers do it.
pub fn complete(document: &mut Document) {
    let all = graphs(document);
    for definition in &mut document.definitions {
        match definition {
            Definition::ObjectTypeDefinition(object) if ROOTS.contains(&object.name.as_str()) => {
                let object = object.make_mut();
                let known: BTreeSet<Name> = known(&object.directives).collect();
                let unsaid = if known.is_empty() { &all } else { &known };
                let graphs = object.fields.iter().flat_map(|field| of_field(field, unsaid)).collect();
                add(&mut object.directives, &graphs);
            }
            Definition::UnionTypeDefinition(union) => {
                let union = union.make_mut();
                let members = union.directives.get_all("join__unionMember");
                let graphs = members.filter_map(|member| graph_of(member)).collect();
                add(&mut union.directives, &graphs);
            }
            Definition::ScalarTypeDefinition(scalar)
                if !scalar.name.starts_with("join__") && !scalar.directives.has(JOIN_TYPE) =>
            {
                add(&mut scalar.make_mut().directives, &all);
            }
            _ => {}
        }
    }
}

/// The names of all subgraphs within the supergraph, such as `INCIDENTS`.
fn graphs(document: &Document) -> BTreeSet<Name> {
    let of_enum = document.definitions.iter().find_map(|definition| match definition {
        Definition::EnumTypeDefinition(definition) if definition.name == "join__Graph" => Some(definition),
        _ => None,
    });
    of_enum.into_iter().flat_map(|definition| &definition.values).map(|value| value.value.clone()).collect()
}

/// The subgraphs that a field of a root type is in: those it names, else all that the type is in.
fn of_field(field: &Node<FieldDefinition>, all: &BTreeSet<Name>) -> BTreeSet<Name> {
    let named: BTreeSet<Name> = field.directives.get_all("join__field").filter_map(|join| graph_of(join)).collect();
    if named.is_empty() { all.clone() } else { named }
}

fn graph_of(directive: &Directive) -> Option<Name> {
    match &**directive.specified_argument_by_name("graph")? {
        Value::Enum(name) => Some(name.clone()),
        _ => None,
    }
}

/// The subgraphs that a type says it is in.
fn known(directives: &DirectiveList) -> impl Iterator<Item = Name> {
    directives.get_all(JOIN_TYPE).filter_map(|directive| graph_of(directive))
}

fn add(directives: &mut DirectiveList, graphs: &BTreeSet<Name>) {
    let known: Vec<Name> = known(directives).collect();
    for graph in graphs.iter().filter(|graph| !known.contains(graph)) {
        let argument =
            Argument { name: Name::new_static_unchecked("graph"), value: Node::new(Value::Enum(graph.clone())) };
        let directive = Directive { name: Name::new_static_unchecked(JOIN_TYPE), arguments: vec![Node::new(argument)] };
        directives.push(Node::new(directive));
    }
}
