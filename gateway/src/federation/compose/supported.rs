//! Refuses at publication what would fail or be wrong at run time.

use apollo_compiler::ast::{Definition, Directive, DirectiveList, Document, Value};

use super::Diagnostic;

/// Most errors of syntax that are told.
const SYNTAX_ERRORS_MAX: usize = 3;

/// Directives of federation that are executed here.
const SUPPORTED: [&str; 9] =
    ["key", "shareable", "external", "provides", "requires", "override", "inaccessible", "tag", "extends"];

/// Directives that every subgraph may use.
const USUAL: [&str; 8] =
    ["deprecated", "specifiedBy", "oneOf", "link", "cost", "listSize", "cacheControl", "composeDirective"];

/// What only the library's own composition knows, or what is not executed here, with what to do.
const REFUSED: [(&str, &str); 8] = [
    ("interfaceObject", "interfaces are resolved by the subgraphs that define their types"),
    ("authenticated", "access is decided by the subgraph, from the identity that it is told"),
    ("requiresScopes", "access is decided by the subgraph, from the identity that it is told"),
    ("policy", "access is decided by the subgraph, from the identity that it is told"),
    ("context", "values of the context are not passed on"),
    ("fromContext", "values of the context are not passed on"),
    ("connect", "connectors are not executed: publish a GraphQL service"),
    ("defer", "parts are not deferred"),
];

/// What is wrong with the SDL of a subgraph, whatever the others are. `own_public` is Weft's own schema.
pub fn problems(name: &str, sdl: &str, own_public: &str) -> Vec<Diagnostic> {
    let document = match Document::parse(sdl, format!("{name}.graphql")) {
        Ok(document) => document,
        Err(error) => {
            return error
                .errors
                .iter()
                // The others mostly follow from the first.
                .take(SYNTAX_ERRORS_MAX)
                .map(|error| Diagnostic::of(name, format!("the SDL cannot be read: {}", error.error)))
                .collect();
        }
    };
    let own = Document::parse(own_public, "schema.graphql").ok();
    let mut check = Check { name, problems: Vec::new(), defined: defined(&document), own: own.as_ref() };
    for definition in &document.definitions {
        check.definition(definition);
    }
    check.problems
}

/// Directives that the SDL itself defines.
fn defined(document: &Document) -> Vec<String> {
    let definitions = document.definitions.iter().filter_map(|definition| match definition {
        Definition::DirectiveDefinition(directive) => Some(directive.name.to_string()),
        _ => None,
    });
    definitions.collect()
}

struct Check<'a> {
    name: &'a str,
    problems: Vec<Diagnostic>,
    defined: Vec<String>,
    own: Option<&'a Document>,
}

impl Check<'_> {
    fn tell(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(Diagnostic::of(self.name, message).at(place));
    }

    fn definition(&mut self, definition: &Definition) {
        match definition {
            Definition::SchemaDefinition(schema) => {
                for operation in &schema.root_operations {
                    let (kind, ty) = (operation.0.to_string(), operation.1.as_str());
                    if !kind.eq_ignore_ascii_case(ty) {
                        self.tell(ty, format!("the root type of {kind} operations must be named {}", capital(&kind)));
                    }
                }
                self.directives("schema", &schema.directives);
            }
            Definition::SchemaExtension(schema) => self.directives("schema", &schema.directives),
            Definition::ObjectTypeDefinition(object) => self.fields(&object.name, &object.directives, &object.fields),
            Definition::ObjectTypeExtension(object) => self.fields(&object.name, &object.directives, &object.fields),
            Definition::InterfaceTypeDefinition(interface) => {
                self.interface(&interface.name, &interface.directives, &interface.fields);
            }
            Definition::InterfaceTypeExtension(interface) => {
                self.interface(&interface.name, &interface.directives, &interface.fields);
            }
            Definition::UnionTypeDefinition(union) => self.directives(&union.name, &union.directives),
            Definition::ScalarTypeDefinition(scalar) => self.directives(&scalar.name, &scalar.directives),
            Definition::EnumTypeDefinition(of) => self.directives(&of.name, &of.directives),
            Definition::InputObjectTypeDefinition(input) => self.directives(&input.name, &input.directives),
            Definition::OperationDefinition(_) | Definition::FragmentDefinition(_) => {
                self.tell("document", "an SDL holds types, and no operations");
            }
            _ => {}
        }
    }

    fn interface(
        &mut self,
        name: &str,
        directives: &DirectiveList,
        fields: &[apollo_compiler::Node<apollo_compiler::ast::FieldDefinition>],
    ) {
        if directives.has("key") {
            self.tell(name, "@key on an interface is not executed: put it on the types that implement it");
        }
        self.fields(name, directives, fields);
    }

    fn fields(
        &mut self,
        type_name: &str,
        directives: &DirectiveList,
        fields: &[apollo_compiler::Node<apollo_compiler::ast::FieldDefinition>],
    ) {
        self.directives(type_name, directives);
        for key in directives.get_all("key") {
            self.selection(type_name, key, "key");
        }
        for field in fields {
            let place = format!("{type_name}.{}", field.name);
            self.directives(&place, &field.directives);
            for name in ["requires", "provides"] {
                for directive in field.directives.get_all(name) {
                    self.selection(&place, directive, name);
                }
            }
            let of_own = field.directives.get("override").and_then(|over| over.specified_argument_by_name("from"));
            if of_own.and_then(|from| from.as_str()) == Some(super::OWN) {
                self.tell(&place, "fields of Weft's own cannot be taken over");
            }
            if field.directives.get("override").is_some_and(|over| over.specified_argument_by_name("label").is_some()) {
                self.tell(&place, "@override by label is not executed");
            }
            let hides = directives.has("inaccessible") || field.directives.has("inaccessible");
            if hides && self.is_own(type_name, &field.name) {
                self.tell(&place, "what Weft itself shows cannot be made inaccessible");
            }
        }
    }

    fn is_own(&self, type_name: &str, field: &str) -> bool {
        let definitions = self.own.into_iter().flat_map(|own| &own.definitions);
        definitions.into_iter().any(|definition| match definition {
            Definition::ObjectTypeDefinition(object) => {
                object.name == type_name && object.fields.iter().any(|known| known.name == field)
            }
            Definition::InterfaceTypeDefinition(interface) => {
                interface.name == type_name && interface.fields.iter().any(|known| known.name == field)
            }
            _ => false,
        })
    }

    /// The `fields` of a directive: names and what is below them. Arguments, aliases and fragments are not executed.
    fn selection(&mut self, place: &str, directive: &Directive, name: &str) {
        let Some(Value::String(fields)) = directive.specified_argument_by_name("fields").map(|value| &**value) else {
            return self.tell(place, format!("@{name} needs `fields`, a text"));
        };
        if fields.contains('(') {
            self.tell(place, format!("@{name} with arguments is not executed: `{fields}`"));
        }
        if fields.contains("...") {
            self.tell(place, format!("@{name} with fragments is not executed: `{fields}`"));
        }
        if fields.contains(':') {
            self.tell(place, format!("@{name} with aliases is not executed: `{fields}`"));
        }
        if fields.trim().is_empty() {
            self.tell(place, format!("@{name} names no field"));
        }
    }

    fn directives(&mut self, place: &str, directives: &DirectiveList) {
        for directive in &directives.0 {
            let full = directive.name.as_str();
            // Directives that are not imported have the name of their specification before them.
            let name = full.strip_prefix("federation__").unwrap_or(full);
            if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
                self.tell(place, format!("@{name} is not supported: {why}"));
            } else if name == "composeDirective" {
                self.tell(place, "@composeDirective is not supported: directives of your own stay in your subgraph");
            } else if !SUPPORTED.contains(&name) && !USUAL.contains(&name) && !self.defined.iter().any(|it| it == full)
            {
                self.tell(place, format!("@{full} is not known: define it or take it out"));
            }
        }
    }
}

fn capital(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
