//! Whether everything can be reached: wherever an object is found, the services that have its other fields must be told which
//! object it is, by a key that is known by then. The composition library does not look; the planner would find out when a client
//! asks.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::{Definition, Directive, Document, ObjectTypeDefinition};

use super::{
    Diagnostic,
    keys::{enum_argument, is_true, service_names, text_argument, top_level},
};

/// What cannot be reached in a supergraph.
pub fn problems(supergraph: &Document) -> Vec<Diagnostic> {
    let names = service_names(supergraph);
    let service = |graph: &str| names.get(graph).map_or("", String::as_str);
    let found = found(supergraph);
    let mut problems = Vec::new();
    for object in
        objects(supergraph).filter(|object| !["Query", "Mutation", "Subscription"].contains(&object.name.as_str()))
    {
        let answers = answers(object);
        for field in answers.iter().filter(|(_, by)| by.is_empty()).map(|(field, _)| field) {
            let marked = object.fields.iter().find(|known| known.name == *field);
            let first = marked
                .and_then(|field| field.directives.get("join__field"))
                .and_then(|join| enum_argument(join, "graph"));
            let message = "@external, and no other subgraph answers it: take @external out, or the field";
            problems.push(
                Diagnostic::of(service(first.unwrap_or_default()), message).at(format!("{}.{field}", object.name)),
            );
        }
        for start in found.get(object.name.as_str()).into_iter().flatten() {
            let known = known_from(start, object, &answers);
            let lost = answers.iter().filter(|(_, by)| !by.is_empty() && by.is_disjoint(&known));
            for (field, by) in lost {
                let place = Some(format!("{}.{field}", object.name));
                if problems.iter().any(|told: &Diagnostic| told.place == place) {
                    continue;
                }
                let by = by.iter().next().copied().unwrap_or_default();
                let message = format!(
                    "cannot be reached from {}, which gives {} too: give the type a @key of fields that {} has as well",
                    service(start),
                    object.name,
                    service(start)
                );
                problems.push(Diagnostic { place, ..Diagnostic::of(service(by), message) });
            }
        }
    }
    problems
}

fn objects(document: &Document) -> impl Iterator<Item = &ObjectTypeDefinition> {
    document.definitions.iter().filter_map(|definition| match definition {
        Definition::ObjectTypeDefinition(object) => Some(&**object),
        _ => None,
    })
}

/// The services that answer each field of a type.
fn answers(object: &ObjectTypeDefinition) -> BTreeMap<&str, BTreeSet<&str>> {
    let all = || object.directives.get_all("join__type").filter_map(|join| enum_argument(join, "graph"));
    let mut answers = BTreeMap::new();
    for field in object.fields.iter().filter(|field| !field.directives.has("inaccessible")) {
        let joins: Vec<_> = field.directives.get_all("join__field").collect();
        let by = joins.iter().filter(|join| !is_true(join, "external")).filter_map(|join| enum_argument(join, "graph"));
        let by: BTreeSet<&str> = if joins.is_empty() { all().collect() } else { by.collect() };
        answers.insert(field.name.as_str(), by);
    }
    answers
}

/// The services that are found with an object of each type: some field of theirs gives it.
fn found(document: &Document) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let named = document.definitions.iter().filter_map(|definition| Some((definition.name()?.as_str(), definition)));
    let types: BTreeMap<&str, &Definition> = named.collect();
    for object in objects(document) {
        let answers = answers(object);
        for field in &object.fields {
            let returned = field.ty.inner_named_type().as_str();
            for graph in answers.get(field.name.as_str()).into_iter().flatten() {
                for ty in possible(document, types.get(returned).copied(), graph) {
                    found.entry(ty).or_default().insert(graph);
                }
            }
        }
    }
    found
}

/// The types that an object of this type may have in a service.
fn possible<'a>(document: &'a Document, ty: Option<&'a Definition>, graph: &str) -> Vec<&'a str> {
    let is_of = |join: &Directive| enum_argument(join, "graph") == Some(graph);
    match ty {
        Some(Definition::UnionTypeDefinition(union)) => {
            let members = union.directives.get_all("join__unionMember").filter(|join| is_of(join));
            members.filter_map(|join| text_argument(join, "member")).collect()
        }
        Some(Definition::InterfaceTypeDefinition(interface)) => objects(document)
            .filter(|object| {
                let mut joins = object.directives.get_all("join__implements");
                joins.any(|join| is_of(join) && text_argument(join, "interface") == Some(interface.name.as_str()))
            })
            .map(|object| object.name.as_str())
            .collect(),
        Some(Definition::ObjectTypeDefinition(object)) => vec![object.name.as_str()],
        _ => Vec::new(),
    }
}

/// The services that can be asked about an object that was found in one.
fn known_from<'a>(
    start: &'a str,
    object: &'a ObjectTypeDefinition,
    answers: &BTreeMap<&str, BTreeSet<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::from([start]);
    loop {
        let before = known.len();
        for join in object.directives.get_all("join__type") {
            let (Some(graph), Some(key)) = (enum_argument(join, "graph"), text_argument(join, "key")) else { continue };
            let is_resolvable =
                join.specified_argument_by_name("resolvable").and_then(|it| it.to_bool()) != Some(false);
            let has = |field: &String| answers.get(field.as_str()).is_none_or(|by| !by.is_disjoint(&known));
            if is_resolvable && top_level(key).iter().all(has) {
                known.insert(graph);
            }
        }
        if known.len() == before {
            return known;
        }
    }
}
