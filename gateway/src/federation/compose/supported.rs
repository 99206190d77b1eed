//! Refuses at publication what would fail or be wrong at run time, as far as one subgraph alone shows it: `links` reads what it
//! links, here are its directives and names, `valid` whether it is a schema, `selections` what its keys and requirements name.

use apollo_compiler::{
    Node,
    ast::{Definition, Directive, DirectiveList, Document, FieldDefinition, InputValueDefinition, OperationType},
};

use super::{Diagnostic, links, links::Links, own, selections, valid};

/// Most errors of syntax that are told.
pub(super) const SYNTAX_ERRORS_MAX: usize = 3;

/// Directives of federation that are executed here.
const SUPPORTED: [&str; 9] =
    ["key", "shareable", "external", "provides", "requires", "override", "inaccessible", "tag", "extends"];

/// Directives that every subgraph may use.
const USUAL: [&str; 7] = ["deprecated", "specifiedBy", "oneOf", "link", "cost", "listSize", "cacheControl"];

/// What only the library's own composition knows, or what is not executed here, with what to do.
const REFUSED: [(&str, &str); 10] = [
    ("interfaceObject", "interfaces are resolved by the subgraphs that define their types"),
    ("authenticated", "access is decided by the subgraph, from the identity that it is told"),
    ("requiresScopes", "access is decided by the subgraph, from the identity that it is told"),
    ("policy", "access is decided by the subgraph, from the identity that it is told"),
    ("context", "values of the context are not passed on"),
    ("fromContext", "values of the context are not passed on"),
    ("composeDirective", "directives of your own stay in your subgraph"),
    ("cacheTag", "answers of subgraphs are not kept"),
    ("connect", "connectors are not executed: publish a GraphQL service"),
    ("defer", "parts are not deferred"),
];

/// What belongs to the supergraph, and to plans.
const RESERVED: [&str; 3] = ["join__", "core__", "_internal_qp_alias_"];

/// What is wrong with the SDL of a subgraph, whatever the others are. `own_public` is Weft's own schema.
pub fn problems(name: &str, sdl: &str, own_public: &str) -> Vec<Diagnostic> {
    if sdl.trim().is_empty() {
        return vec![Diagnostic::of(
            name,
            "the SDL is empty: publish the one that the service answers `_service` with",
        )];
    }
    let document = match Document::parse(sdl, format!("{name}.graphql")) {
        Ok(document) => document,
        Err(error) => {
            return error
                .errors
                .iter()
                // The others mostly follow from the first.
                .take(SYNTAX_ERRORS_MAX)
                .map(|error| {
                    let told = Diagnostic::of(name, format!("the SDL cannot be read: {}", error.error));
                    valid::placed(told, error.line_column_range())
                })
                .collect();
        }
    };
    let own = Document::parse(own_public, "schema.graphql").ok();
    let mut check =
        Check { name, problems: Vec::new(), links: Links::read(&document), own: own.as_ref(), document: &document };
    check.document();
    if !check.problems.is_empty() {
        // What else is wrong mostly follows from it.
        return check.problems;
    }
    match valid::schema(name, sdl, &document) {
        Ok(schema) => selections::problems(name, &schema),
        Err(problems) => problems,
    }
}

struct Check<'a> {
    name: &'a str,
    problems: Vec<Diagnostic>,
    links: Links,
    own: Option<&'a Document>,
    document: &'a Document,
}

impl Check<'_> {
    fn tell(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(Diagnostic::of(self.name, message).at(place));
    }

    fn document(&mut self) {
        for problem in std::mem::take(&mut self.links.problems) {
            self.tell("schema", problem);
        }
        let brings = |definition: &Definition| {
            let is_other = matches!(definition, Definition::DirectiveDefinition(_));
            !is_other && definition.name().is_some()
        };
        if !self.document.definitions.iter().any(brings) {
            self.tell("document", "the SDL brings no types: define at least one");
        }
        for definition in &self.document.definitions {
            self.definition(definition);
        }
    }

    fn definition(&mut self, definition: &Definition) {
        if let Some(name) = definition.name() {
            self.named(name, name);
        }
        match definition {
            Definition::SchemaDefinition(schema) => self.schema(&schema.directives, &schema.root_operations),
            Definition::SchemaExtension(schema) => self.schema(&schema.directives, &schema.root_operations),
            Definition::ObjectTypeDefinition(it) => self.fields(&it.name, &it.directives, &it.fields),
            Definition::ObjectTypeExtension(it) => self.fields(&it.name, &it.directives, &it.fields),
            Definition::InterfaceTypeDefinition(it) => self.interface(&it.name, &it.directives, &it.fields),
            Definition::InterfaceTypeExtension(it) => self.interface(&it.name, &it.directives, &it.fields),
            Definition::UnionTypeDefinition(it) => self.directives(&it.name, &it.directives),
            Definition::UnionTypeExtension(it) => self.directives(&it.name, &it.directives),
            Definition::ScalarTypeDefinition(it) => self.directives(&it.name, &it.directives),
            Definition::ScalarTypeExtension(it) => self.directives(&it.name, &it.directives),
            Definition::EnumTypeDefinition(it) => self.values(&it.name, &it.directives, &it.values),
            Definition::EnumTypeExtension(it) => self.values(&it.name, &it.directives, &it.values),
            Definition::InputObjectTypeDefinition(it) => self.input(&it.name, &it.directives, &it.fields),
            Definition::InputObjectTypeExtension(it) => self.input(&it.name, &it.directives, &it.fields),
            Definition::OperationDefinition(_) | Definition::FragmentDefinition(_) => {
                self.tell("document", "an SDL holds types, and no operations");
            }
            Definition::DirectiveDefinition(_) => {}
        }
    }

    fn schema(&mut self, directives: &DirectiveList, roots: &[Node<(OperationType, apollo_compiler::Name)>]) {
        for root in roots {
            let (kind, ty) = (root.0.to_string(), root.1.as_str());
            if !kind.eq_ignore_ascii_case(ty) {
                self.tell(ty, format!("the root type of {kind} operations must be named {}", capital(&kind)));
            }
        }
        self.directives("schema", directives);
    }

    fn interface(&mut self, name: &str, directives: &DirectiveList, fields: &[Node<FieldDefinition>]) {
        if links::get(directives, "key").is_some() {
            self.tell(name, "@key on an interface is not executed: put it on the types that implement it");
        }
        self.fields(name, directives, fields);
    }

    fn fields(&mut self, type_name: &str, directives: &DirectiveList, fields: &[Node<FieldDefinition>]) {
        self.directives(type_name, directives);
        for field in fields {
            let place = format!("{type_name}.{}", field.name);
            self.named(&place, &field.name);
            self.directives(&place, &field.directives);
            if let Some(over) = links::get(&field.directives, "override") {
                let argument = |name: &str| over.specified_argument_by_name(name);
                if argument("from").and_then(|from| from.as_str()) == Some(super::OWN) {
                    self.tell(&place, "fields of Weft's own cannot be taken over: take it out");
                }
                if argument("label").is_some() {
                    self.tell(&place, "@override by label is not executed: take the label out");
                }
            }
            self.inputs(&place, &field.arguments);
        }
    }

    fn values(
        &mut self,
        name: &str,
        directives: &DirectiveList,
        values: &[Node<apollo_compiler::ast::EnumValueDefinition>],
    ) {
        self.directives(name, directives);
        for value in values {
            self.directives(&format!("{name}.{}", value.value), &value.directives);
        }
    }

    fn input(&mut self, name: &str, directives: &DirectiveList, fields: &[Node<InputValueDefinition>]) {
        self.directives(name, directives);
        self.inputs(name, fields);
    }

    /// Arguments of a field, or fields of an input.
    fn inputs(&mut self, place: &str, inputs: &[Node<InputValueDefinition>]) {
        for input in inputs {
            self.directives(&format!("{place}.{}", input.name), &input.directives);
        }
    }

    /// Fields that end so are what plans call those that are asked for in several ways.
    fn named(&mut self, place: &str, name: &str) {
        let is_numbered = name
            .rsplit_once("__")
            .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
        if is_numbered || RESERVED.iter().any(|reserved| name.starts_with(reserved)) {
            self.tell(place, format!("the name `{name}` is reserved: choose another"));
        }
    }

    fn directives(&mut self, place: &str, directives: &DirectiveList) {
        for directive in directives.iter() {
            if let Err(problem) = self.directive(place, directive) {
                self.tell(place, problem);
            }
        }
    }

    fn directive(&self, place: &str, directive: &Directive) -> Result<(), String> {
        let full = directive.name.as_str();
        let name = links::own_name(full);
        if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            return Err(format!("@{name} is not supported: {why}"));
        }
        if let Some(problem) = self.links.problem(full) {
            return Err(problem);
        }
        if name == "inaccessible" && self.own.is_some_and(|own| own::shows(own, place)) {
            return Err("what Weft itself shows cannot be made inaccessible: take it out".to_owned());
        }
        let defined = || {
            let mut definitions = self.document.definitions.iter();
            definitions.any(|it| matches!(it, Definition::DirectiveDefinition(defined) if defined.name == full))
        };
        if SUPPORTED.contains(&name) || USUAL.contains(&full) || defined() {
            return Ok(());
        }
        Err(format!("@{full} is not known: define it or take it out"))
    }
}

fn capital(kind: &str) -> String {
    let mut letters = kind.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
