//! Fields that require others, in words that the planner understands everywhere: a service that answers such fields is in the
//! supergraph a second time, under a key that holds what they require. To the planner that is another service which is reached by
//! another key, and keys it can always collect; to us it is the same service. Of required fields themselves it plans only some.

use std::collections::BTreeSet;

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Definition, Directive, DirectiveList, Document, EnumValueDefinition, FieldDefinition, Value},
};

/// Between the name of a service and the number of what it is a second time.
const MARK: &str = "__requires_";

/// The service that a name within the supergraph stands for.
pub fn service(name: &str) -> &str {
    name.split(MARK).next().unwrap_or(name)
}

/// A field that requires others.
struct Requiring {
    type_name: Name,
    field: Name,
    graph: Name,
    /// What it requires.
    fields: String,
    /// The key beside it.
    key: String,
}

/// The SDL of a supergraph without required fields.
pub fn without(supergraph_sdl: &str) -> Result<String, String> {
    let mut document =
        Document::parse(supergraph_sdl, "supergraph.graphql").map_err(|error| error.errors.to_string())?;
    for (number, requiring) in found(&document).into_iter().enumerate() {
        let twin = Name::new(&format!("{}{MARK}{number}", requiring.graph)).map_err(|error| error.to_string())?;
        add_graph(&mut document, &requiring.graph, &twin, number);
        move_field(&mut document, &requiring, &twin);
        let below = reached(&document, &requiring);
        for definition in &mut document.definitions {
            if definition.name().is_some_and(|name| below.contains(name)) {
                copy_membership(definition, &requiring.graph, &twin);
            }
        }
    }
    Ok(document.to_string())
}

fn found(document: &Document) -> Vec<Requiring> {
    let mut found = Vec::new();
    for definition in &document.definitions {
        let Definition::ObjectTypeDefinition(object) = definition else { continue };
        for field in &object.fields {
            for join in field.directives.get_all("join__field") {
                let (Some(graph), Some(fields)) = (graph_of(join), text_of(join, "requires")) else { continue };
                let key = object.directives.get_all("join__type").find_map(|join| {
                    text_of(join, "key").filter(|_| graph_of(join).as_ref() == Some(&graph)).map(str::to_owned)
                });
                if let Some(key) = key {
                    let (type_name, field, fields) = (object.name.clone(), field.name.clone(), fields.to_owned());
                    found.push(Requiring { type_name, field, graph, fields, key });
                }
            }
        }
    }
    found
}

/// The service a second time, at the same address.
fn add_graph(document: &mut Document, graph: &Name, twin: &Name, number: usize) {
    let of_graphs = document.definitions.iter_mut().find_map(|definition| match definition {
        Definition::EnumTypeDefinition(definition) if definition.name == "join__Graph" => Some(definition.make_mut()),
        _ => None,
    });
    let Some(of_graphs) = of_graphs else { return };
    let Some(known) = of_graphs.values.iter().find(|value| value.value == *graph) else { return };
    let mut directives = known.directives.clone();
    for directive in directives.iter_mut() {
        for argument in &mut directive.make_mut().arguments {
            if argument.name == "name"
                && let Some(name) = argument.value.as_str()
            {
                argument.make_mut().value = Node::new(Value::String(format!("{name}{MARK}{number}")));
            }
        }
    }
    of_graphs.values.push(Node::new(EnumValueDefinition { description: None, value: twin.clone(), directives }));
}

/// The field is given by the second service, and what it requires is part of the key there.
fn move_field(document: &mut Document, requiring: &Requiring, twin: &Name) {
    let (key, needed) = (format!("{} {}", requiring.key, requiring.fields), nested(document, requiring));
    for definition in &mut document.definitions {
        let Definition::ObjectTypeDefinition(object) = definition else { continue };
        if object.name == requiring.type_name {
            let object = object.make_mut();
            object.directives.push(directive("join__type", twin, &[("key", Value::String(key.clone()))]));
            for field in &mut object.fields {
                if field.name == requiring.field {
                    for join in field.make_mut().directives.iter_mut() {
                        if graph_of(join).as_ref() == Some(&requiring.graph) && text_of(join, "requires").is_some() {
                            *join = directive("join__field", twin, &[]);
                        }
                    }
                } else if needed.contains(&(object.name.clone(), field.name.clone())) {
                    external(field, twin);
                }
            }
        } else if needed.iter().any(|(type_name, _)| *type_name == object.name) {
            let object = object.make_mut();
            object.directives.push(directive("join__type", twin, &[]));
            for field in &mut object.fields {
                if needed.contains(&(object.name.clone(), field.name.clone())) {
                    external(field, twin);
                }
            }
        }
    }
}

/// The fields of the key and of what is required, those of objects below included.
fn nested(document: &Document, requiring: &Requiring) -> BTreeSet<(Name, Name)> {
    coordinates(document, &requiring.type_name, &format!("{} {}", requiring.key, requiring.fields))
}

/// The types and fields that a selection names.
pub(super) fn coordinates(document: &Document, type_name: &Name, selection: &str) -> BTreeSet<(Name, Name)> {
    let mut named = BTreeSet::new();
    let text = selection.replace('{', " { ").replace('}', " } ");
    let mut types = vec![Some(type_name.clone())];
    let mut last = None;
    for word in text.split_whitespace() {
        match word {
            "{" => types.push(last.take()),
            "}" => drop(types.pop()),
            field => {
                let of = types.last().cloned().flatten();
                last = of.as_ref().and_then(|of| type_of(document, of, field));
                if let (Some(of), Ok(field)) = (of, Name::new(field)) {
                    named.insert((of, field));
                }
            }
        }
    }
    named
}

/// The type that a field gives, without lists.
pub(super) fn type_of(document: &Document, type_name: &Name, field: &str) -> Option<Name> {
    fields_of(document, type_name).find(|known| known.name == field).map(|field| field.ty.inner_named_type().clone())
}

fn fields_of<'a>(document: &'a Document, type_name: &'a Name) -> impl Iterator<Item = &'a Node<FieldDefinition>> {
    document.definitions.iter().flat_map(move |definition| match definition {
        Definition::ObjectTypeDefinition(object) if object.name == *type_name => object.fields.as_slice(),
        Definition::InterfaceTypeDefinition(interface) if interface.name == *type_name => interface.fields.as_slice(),
        _ => &[],
    })
}

/// A field that is known where nobody can be asked for it. A field that says nothing is everywhere: it is told apart first.
fn external(field: &mut Node<FieldDefinition>, twin: &Name) {
    if field.directives.has("join__field") {
        let external = directive("join__field", twin, &[("external", Value::Boolean(true))]);
        field.make_mut().directives.push(external);
    }
}

/// The types that the field leads to within its service.
fn reached(document: &Document, requiring: &Requiring) -> BTreeSet<Name> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<Name> = type_of(document, &requiring.type_name, &requiring.field).into_iter().collect();
    while let Some(name) = waiting.pop() {
        if name == requiring.type_name || !reached.insert(name.clone()) {
            continue;
        }
        waiting.extend(fields_of(document, &name).map(|field| field.ty.inner_named_type().clone()));
        for definition in &document.definitions {
            match definition {
                Definition::UnionTypeDefinition(union) if union.name == name => waiting.extend(union.members.clone()),
                Definition::ObjectTypeDefinition(object) if object.implements_interfaces.contains(&name) => {
                    waiting.push(object.name.clone());
                }
                _ => {}
            }
        }
    }
    reached.remove(&requiring.type_name);
    reached
}

/// Whatever is said of the one service is said of the other as well.
fn copy_membership(definition: &mut Definition, graph: &Name, twin: &Name) {
    match definition {
        Definition::ObjectTypeDefinition(object) => {
            let object = object.make_mut();
            copy(&mut object.directives, graph, twin);
            object.fields.iter_mut().for_each(|field| copy(&mut field.make_mut().directives, graph, twin));
        }
        Definition::InterfaceTypeDefinition(interface) => {
            let interface = interface.make_mut();
            copy(&mut interface.directives, graph, twin);
            interface.fields.iter_mut().for_each(|field| copy(&mut field.make_mut().directives, graph, twin));
        }
        Definition::UnionTypeDefinition(union) => copy(&mut union.make_mut().directives, graph, twin),
        Definition::ScalarTypeDefinition(scalar) => copy(&mut scalar.make_mut().directives, graph, twin),
        Definition::EnumTypeDefinition(of) => {
            let of = of.make_mut();
            copy(&mut of.directives, graph, twin);
            of.values.iter_mut().for_each(|value| copy(&mut value.make_mut().directives, graph, twin));
        }
        _ => {}
    }
}

fn copy(directives: &mut DirectiveList, graph: &Name, twin: &Name) {
    let of_graph = directives.iter().filter(|directive| {
        graph_of(directive).as_ref() == Some(graph) && directive.specified_argument_by_name("requires").is_none()
    });
    let copies: Vec<Node<Directive>> = of_graph.map(|directive| renamed(directive, twin)).collect();
    directives.0.extend(copies);
}

fn renamed(directive: &Node<Directive>, twin: &Name) -> Node<Directive> {
    let mut copy = directive.clone();
    for argument in &mut copy.make_mut().arguments {
        if argument.name == "graph" {
            argument.make_mut().value = Node::new(Value::Enum(twin.clone()));
        }
    }
    copy
}

fn graph_of(directive: &Directive) -> Option<Name> {
    directive.specified_argument_by_name("graph")?.as_enum().cloned()
}

fn text_of<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(name)?.as_str()
}

fn directive(name: &'static str, graph: &Name, others: &[(&'static str, Value)]) -> Node<Directive> {
    let argument = |name: &'static str, value: Value| {
        Node::new(Argument { name: Name::new_static_unchecked(name), value: Node::new(value) })
    };
    let graph = argument("graph", Value::Enum(graph.clone()));
    let others = others.iter().map(|(name, value)| argument(name, value.clone()));
    let arguments = std::iter::once(graph).chain(others).collect();
    Node::new(Directive { name: Name::new_static_unchecked(name), arguments })
}
