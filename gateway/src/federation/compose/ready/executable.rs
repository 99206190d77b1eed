//! Refuses what a supergraph asks of its gateway and is not executed here: what `supported` refuses of subgraphs, in the words that
//! composition has for it.

use std::collections::HashSet;

use apollo_compiler::ast::{Definition, Directive, DirectiveList, Document, Value};

use super::super::Diagnostic;

/// What is decided or passed on by others only.
const REFUSED: [(&str, &str); 5] = [
    ("authenticated", "access is decided by the subgraph, from the identity that it is told"),
    ("requiresScopes", "access is decided by the subgraph, from the identity that it is told"),
    ("policy", "access is decided by the subgraph, from the identity that it is told"),
    ("context", "values of the context are not passed on"),
    ("fromContext", "values of the context are not passed on"),
];

/// What connectors are told by.
const CONNECTORS: [&str; 2] = ["connect", "source"];

/// Specifications that are followed, of those that have to be.
const FOLLOWED: [&str; 3] = ["link", "join", "inaccessible"];

/// Versions of `join` that are read.
const JOIN_VERSIONS: [&str; 4] = ["v0.2", "v0.3", "v0.4", "v0.5"];

/// Where the specifications of federation are.
const SPECS: &str = "https://specs.apollo.dev/";

/// What is not executed. `own` is Weft's own schema as clients see it.
pub fn problems(supergraph: &Document, own: &Document) -> Vec<Diagnostic> {
    let own_places: HashSet<String> = own.definitions.iter().flat_map(places).map(|(place, _)| place).collect();
    let mut problems = Vec::new();
    for definition in &supergraph.definitions {
        let mut tell = |place: &str, message: String| problems.push(Diagnostic::of_all(message).at(place));
        match definition {
            Definition::SchemaDefinition(schema) => {
                for operation in &schema.root_operations {
                    let (kind, ty) = (operation.0.to_string(), operation.1.as_str());
                    if !kind.eq_ignore_ascii_case(ty) {
                        tell(
                            ty,
                            format!("the root type of {kind} operations must be named as they are, with a capital"),
                        );
                    }
                }
                if schema.directives.has("core") {
                    tell("schema", "@core is of federation 1: compose it with federation 2".to_owned());
                }
                schema.directives.get_all("link").filter_map(|it| link_problem(it)).for_each(|it| tell("schema", it));
            }
            Definition::OperationDefinition(_) | Definition::FragmentDefinition(_) => {
                tell("document", "a supergraph holds types, and no operations".to_owned());
            }
            definition if definition.is_extension_definition() => {
                tell("document", "a supergraph defines types whole, and extends none".to_owned());
            }
            _ => {}
        }
        let is_interface = matches!(definition, Definition::InterfaceTypeDefinition(_));
        for (place, directives) in places(definition) {
            for directive in &directives.0 {
                told_by(directive, is_interface).into_iter().for_each(|message| tell(&place, message));
            }
            if directives.has("inaccessible") && own_places.contains(&place) {
                tell(&place, "what Weft itself shows cannot be made inaccessible".to_owned());
            }
        }
    }
    problems
}

/// Everything of a definition that may have directives, such as `Component`, `Component.owner`, `Component.owner(of:)`.
fn places(definition: &Definition) -> Vec<(String, &DirectiveList)> {
    let mut places: Vec<(String, &DirectiveList)> = vec![match definition.name() {
        Some(name) => (name.to_string(), definition.directives()),
        None => ("schema".to_owned(), definition.directives()),
    }];
    match definition {
        Definition::ObjectTypeDefinition(object) => fields(&object.name, &object.fields, &mut places),
        Definition::InterfaceTypeDefinition(interface) => fields(&interface.name, &interface.fields, &mut places),
        Definition::EnumTypeDefinition(of) => {
            places.extend(of.values.iter().map(|value| (format!("{}.{}", of.name, value.value), &value.directives)));
        }
        Definition::InputObjectTypeDefinition(of) => {
            places.extend(of.fields.iter().map(|field| (format!("{}.{}", of.name, field.name), &field.directives)));
        }
        _ => {}
    }
    places
}

fn fields<'a>(
    type_name: &str,
    fields: &'a [apollo_compiler::Node<apollo_compiler::ast::FieldDefinition>],
    places: &mut Vec<(String, &'a DirectiveList)>,
) {
    for field in fields {
        let place = format!("{type_name}.{}", field.name);
        for argument in &field.arguments {
            places.push((format!("{place}({}:)", argument.name), &argument.directives));
        }
        places.push((place, &field.directives));
    }
}

/// What is wrong with a directive.
fn told_by(directive: &Directive, is_interface: bool) -> Vec<String> {
    let mut told = Vec::new();
    let text = |name: &str| directive.specified_argument_by_name(name).and_then(|value| value.as_str());
    let full = directive.name.as_str();
    // What is not imported has the name of its specification before its own.
    let name = full.rsplit("__").next().unwrap_or(full);
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        told.push(format!("@{full} is not supported: {why}"));
    }
    match full {
        "join__type" => {
            let is_object = directive.specified_argument_by_name("isInterfaceObject").and_then(|it| it.to_bool());
            if is_object == Some(true) {
                told.push("@interfaceObject is not supported: interfaces are resolved by the subgraphs that define their types".to_owned());
            }
            if is_interface && text("key").is_some() {
                told.push("@key on an interface is not executed: put it on the types that implement it".to_owned());
            }
            told.extend(text("key").and_then(|fields| selection_problem("key", fields)));
        }
        "join__field" => {
            if directive.specified_argument_by_name("overrideLabel").is_some_and(|label| !label.is_null()) {
                told.push("@override by label is not executed".to_owned());
            }
            if directive.specified_argument_by_name("contextArguments").is_some_and(|of| !of.is_null()) {
                told.push("@fromContext is not supported: values of the context are not passed on".to_owned());
            }
            for name in ["requires", "provides"] {
                told.extend(text(name).and_then(|fields| selection_problem(name, fields)));
            }
        }
        "join__directive" if text("name").is_some_and(|name| CONNECTORS.contains(&name)) => {
            told.push("connectors are not executed: name a GraphQL service".to_owned());
        }
        _ => {}
    }
    told
}

fn selection_problem(name: &str, fields: &str) -> Option<String> {
    let what = [("(", "arguments"), ("...", "fragments"), (":", "aliases")];
    let (_, what) = what.iter().find(|(sign, _)| fields.contains(sign))?;
    Some(format!("@{name} with {what} is not executed: `{fields}`"))
}

/// What a supergraph says has to be understood by whoever executes it, and is not; nothing where all is well.
fn link_problem(link: &Directive) -> Option<String> {
    let argument = |name: &str| link.specified_argument_by_name(name).filter(|value| !value.is_null());
    let url = argument("url")?.as_str()?;
    let of_specs = url.strip_prefix(SPECS).and_then(|rest| rest.split_once('/'));
    let is_renamed = argument("as").is_some()
        || argument("import")
            .and_then(|names| names.as_list())
            .is_some_and(|names| names.iter().any(|it| has_alias(it)));
    match of_specs {
        Some(_) if is_renamed => Some(format!("{url} is linked under other names, and they are not followed")),
        Some(("join", version)) if !JOIN_VERSIONS.contains(&version) => {
            Some(format!("{url} is not read: only {}", JOIN_VERSIONS.join(", ")))
        }
        Some((name, _)) if FOLLOWED.contains(&name) => None,
        _ => argument("for").map(|_| format!("{url} has to be understood by whoever executes it, and is not here")),
    }
}

fn has_alias(import: &Value) -> bool {
    import.as_object().is_some_and(|fields| fields.iter().any(|(name, _)| name == "as"))
}
