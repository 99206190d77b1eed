//! `KeyFields`: which fields represent entities of a type to a service.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use apollo_compiler::ast::{Definition, Directive, Document};

/// The fields of all keys of each type, by service.
#[derive(Debug, Clone, Default)]
pub struct KeyFields {
    by_type: HashMap<(String, String), BTreeSet<String>>,
    names: Arc<BTreeSet<String>>,
}

impl KeyFields {
    /// Reads them from a supergraph.
    pub fn read(supergraph_sdl: &str) -> Result<Self, String> {
        let document =
            Document::parse(supergraph_sdl, "supergraph.graphql").map_err(|error| error.errors.to_string())?;
        let names = service_names(&document);
        let mut fields: HashMap<(String, String), BTreeSet<String>> = HashMap::new();
        let mut all = BTreeSet::new();
        for definition in &document.definitions {
            let Definition::ObjectTypeDefinition(object) = definition else { continue };
            for join in object.directives.get_all("join__type") {
                let (Some(graph), Some(key)) = (enum_argument(join, "graph"), text_argument(join, "key")) else {
                    continue;
                };
                let words = key.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
                all.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
                let service = names.get(graph).cloned().unwrap_or_default();
                fields.entry((service, object.name.to_string())).or_default().extend(top_level(key));
            }
        }
        Ok(Self { by_type: fields, names: Arc::new(all) })
    }

    /// The same with the names of another supergraph's keys: in the planner's, what fields require are keys too.
    pub fn named_as(self, other: &Self) -> Self {
        Self { names: Arc::clone(&other.names), ..self }
    }

    /// The names of all fields in keys, also below others.
    pub fn names(&self) -> &Arc<BTreeSet<String>> {
        &self.names
    }

    /// Those of a type in a service.
    pub fn of(&self, service: &str, type_name: &str) -> BTreeSet<String> {
        self.by_type.get(&(service.to_owned(), type_name.to_owned())).cloned().unwrap_or_default()
    }
}

/// The names of services by their names within the supergraph.
pub(super) fn service_names(document: &Document) -> BTreeMap<String, String> {
    let of_enum = document.definitions.iter().find_map(|definition| match definition {
        Definition::EnumTypeDefinition(definition) if definition.name == "join__Graph" => Some(definition),
        _ => None,
    });
    let values = of_enum.into_iter().flat_map(|definition| &definition.values);
    values
        .filter_map(|value| {
            let name = text_argument(value.directives.get("join__graph")?, "name")?;
            Some((value.value.to_string(), name.to_owned()))
        })
        .collect()
}

pub(super) fn enum_argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(name)?.as_enum().map(|name| name.as_str())
}

pub(super) fn text_argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(name)?.as_str()
}

/// Whether an argument is there and true.
pub(super) fn is_true(directive: &Directive, name: &str) -> bool {
    directive.specified_argument_by_name(name).and_then(|value| value.to_bool()) == Some(true)
}

/// The fields of a selection, without those below them.
pub(super) fn top_level(selection: &str) -> Vec<String> {
    let mut depth = 0;
    let spaced = selection.replace('{', " { ").replace('}', " } ");
    let mut fields = Vec::new();
    for word in spaced.split_whitespace() {
        match word {
            "{" => depth += 1,
            "}" => depth -= 1,
            field if depth == 0 => fields.push(field.to_owned()),
            _ => {}
        }
    }
    fields
}
