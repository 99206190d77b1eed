//! The services, each by its own schema alone.

use std::{collections::BTreeMap, sync::LazyLock};

use apollo_compiler::{
    ExecutableDocument, Schema, request::coerce_variable_values, resolvers::Execution, response::JsonMap,
    validation::Valid,
};

use super::{
    schemas::{OTHERS, OWN},
    world::{Root, World},
};

const DIRECTIVES: &str = r"
directive @key(fields: String!, resolvable: Boolean) repeatable on OBJECT | INTERFACE
directive @shareable repeatable on OBJECT | FIELD_DEFINITION
directive @external on OBJECT | FIELD_DEFINITION
directive @requires(fields: String!) on FIELD_DEFINITION
directive @override(from: String!) on FIELD_DEFINITION
directive @inaccessible on OBJECT | FIELD_DEFINITION
scalar _Any
extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
";

static SCHEMAS: LazyLock<BTreeMap<&'static str, Valid<Schema>>> = LazyLock::new(|| {
    let with_entities = |sdl: &str| {
        let keyed = sdl.lines().filter(|line| line.contains("@key"));
        let names: Vec<&str> = keyed.filter_map(|line| line.split_whitespace().nth(1)).collect();
        let text = format!("{sdl}{DIRECTIVES}union _Entity = {}\n", names.join(" | "));
        Schema::parse_and_validate(text, "service.graphql").unwrap_or_else(|error| panic!("{}", error.errors))
    };
    let others = OTHERS.iter().map(|(name, sdl)| (*name, with_entities(sdl)));
    others.chain([(crate::federation::OWN, with_entities(OWN))]).collect()
});

/// The names of all, the own one among them.
pub fn names() -> Vec<&'static str> {
    SCHEMAS.keys().copied().collect()
}

/// What a service answers over `world`. What it is asked must be valid by its own schema.
pub fn answer(service: &str, world: &World, operation: &str, variables: &JsonMap) -> Vec<u8> {
    let schema = &SCHEMAS[service];
    let document = ExecutableDocument::parse_and_validate(schema, operation, "fetch.graphql")
        .unwrap_or_else(|error| panic!("{service}: {operation}\n{}", error.errors));
    let asked = document.operations.anonymous.as_ref().unwrap();
    let coerced = coerce_variable_values(schema, asked, variables)
        .unwrap_or_else(|_| panic!("{service}: {operation} with {variables:?}"));
    let root = Root { world, kind: "Query" };
    let response = Execution::new(schema, &document).coerced_variable_values(&coerced).execute_sync(&root).unwrap();
    serde_json::to_vec(&response).unwrap()
}
