//! Whether the SDL of a subgraph is a schema by itself: its types are there, once, and of the kinds that they are used as. The
//! composition library does not look, and panics at some of it.

use std::ops::Range;

use apollo_compiler::{
    Name, Schema,
    ast::{Definition, Document},
    parser::LineColumn,
    validation::Valid,
};

use super::{Diagnostic, supported::SYNTAX_ERRORS_MAX};

/// The directives that subgraphs need not define: names of arguments, and places. Those of federation have a second name.
const DIRECTIVES: [(&str, &str); 9] = [
    ("key", "(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"),
    ("requires", "(fields: federation__FieldSet!) on FIELD_DEFINITION"),
    ("provides", "(fields: federation__FieldSet!) on FIELD_DEFINITION"),
    ("external", "(reason: String) on OBJECT | FIELD_DEFINITION"),
    ("shareable", " repeatable on OBJECT | FIELD_DEFINITION"),
    ("override", "(from: String!, label: String) on FIELD_DEFINITION"),
    ("extends", " on OBJECT | INTERFACE"),
    (
        "inaccessible",
        " on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    ),
    (
        "tag",
        "(name: String!) repeatable on SCHEMA | FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION",
    ),
];

/// The others.
const USUAL: [(&str, &str); 5] = [
    ("oneOf", " on INPUT_OBJECT"),
    ("link", "(url: String!, as: String, for: federation__Purpose, import: [federation__Import]) repeatable on SCHEMA"),
    (
        "cost",
        "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    (
        "listSize",
        "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    (
        "cacheControl",
        "(maxAge: Int, scope: federation__CacheScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION",
    ),
];

/// Their types. What is a scalar here takes any value.
const TYPES: [&str; 4] =
    ["federation__FieldSet", "federation__Purpose", "federation__Import", "federation__CacheScope"];

/// The schema of a subgraph, with what it need not define.
pub fn schema(name: &str, sdl: &str, document: &Document) -> Result<Valid<Schema>, Vec<Diagnostic>> {
    let told = |error: apollo_compiler::validation::DiagnosticList| -> Vec<Diagnostic> {
        let problems = error.iter().take(SYNTAX_ERRORS_MAX);
        problems
            .map(|problem| {
                let message = problem.error.unstable_compat_message().unwrap_or_else(|| problem.error.to_string());
                placed(Diagnostic::of(name, message), problem.line_column_range())
            })
            .collect()
    };
    let built = Schema::builder()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .parse(sdl, format!("{name}.graphql"))
        .parse(prelude(document), "federation.graphql")
        .build();
    let mut schema = built.map_err(|error| told(error.errors))?;
    let definition = schema.schema_definition.make_mut();
    for (root, name) in [
        (&mut definition.query, "Query"),
        (&mut definition.mutation, "Mutation"),
        (&mut definition.subscription, "Subscription"),
    ] {
        if root.is_none() && schema.types.contains_key(name) {
            *root = Name::new(name).ok().map(Into::into);
        }
    }
    schema.validate().map_err(|error| told(error.errors))
}

/// What the SDL leaves out. Every schema has a query.
fn prelude(document: &Document) -> String {
    let has = |wanted: &str, is_directive: bool| {
        let mut definitions = document.definitions.iter();
        definitions.any(|definition| {
            matches!(definition, Definition::DirectiveDefinition(_)) == is_directive
                && definition.name().is_some_and(|name| name == wanted)
        })
    };
    let long: Vec<(String, &str)> =
        DIRECTIVES.iter().map(|(name, rest)| (format!("federation__{name}"), *rest)).collect();
    let directives = DIRECTIVES.iter().chain(&USUAL).map(|(name, rest)| ((*name).to_owned(), *rest)).chain(long);
    let mut text = String::from("extend type Query { _weft: Boolean }\n");
    for (name, rest) in directives.filter(|(name, _)| !has(name, true)) {
        text.push_str(&format!("directive @{name}{rest}\n"));
    }
    for name in TYPES.iter().filter(|name| !has(name, false)) {
        text.push_str(&format!("scalar {name}\n"));
    }
    text
}

/// The same, with its line where that is known.
pub fn placed(told: Diagnostic, range: Option<Range<LineColumn>>) -> Diagnostic {
    match range {
        Some(range) => told.at(format!("line {}", range.start.line)),
        None => told,
    }
}
