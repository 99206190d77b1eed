//! `TypeSystem`: the schema as documents are held against it, read once from the SDL, with what validation and lowering ask
//! of it again and again.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use apollo_compiler::{Name, Schema, schema::ExtendedType, validation::Valid};
use async_graphql_parser::types::OperationType;

/// The directive is part of the language, but printed only by some.
const ONE_OF: &str = "directive @oneOf on INPUT_OBJECT";

/// What documents are held against has it not yet among the fields of introspection.
const IS_ONE_OF: &str = "extend type __Type { isOneOf: Boolean }";

/// The schema that documents are held against.
pub struct TypeSystem {
    /// The schema.
    pub schema: Valid<Schema>,
    possible: HashMap<Name, HashSet<Name>>,
    ordered: HashMap<Name, Vec<Name>>,
}

impl TypeSystem {
    /// Reads the SDL of the graph.
    pub fn read(sdl: &str) -> anyhow::Result<Self> {
        let text = if sdl.contains(ONE_OF) { sdl.to_owned() } else { format!("{sdl}\n{ONE_OF}\n") };
        let schema = Schema::parse_and_validate(format!("{text}\n{IS_ONE_OF}\n"), "schema.graphql")
            .map_err(|error| anyhow::anyhow!("{}", error.errors))
            .context("the SDL of the graph is not valid")?;
        let mut ordered: HashMap<Name, Vec<Name>> = HashMap::new();
        for (name, definition) in &schema.types {
            match definition {
                ExtendedType::Object(object) => {
                    ordered.insert(name.clone(), vec![name.clone()]);
                    for interface in &object.implements_interfaces {
                        ordered.entry(interface.name.clone()).or_default().push(name.clone());
                    }
                }
                ExtendedType::Union(union) => {
                    ordered.insert(name.clone(), union.members.iter().map(|member| member.name.clone()).collect());
                }
                _ => {}
            }
        }
        let possible = ordered.iter().map(|(name, types)| (name.clone(), types.iter().cloned().collect())).collect();
        Ok(Self { schema, possible, ordered })
    }

    /// The object types that a value of this type may have; itself for an object type.
    pub fn possible_types(&self, name: &str) -> &[Name] {
        self.ordered.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether every value of the type `narrow` is one of `wide`.
    pub fn covers(&self, wide: &str, narrow: &str) -> bool {
        wide == narrow
            || self
                .possible
                .get(wide)
                .is_some_and(|wide| self.possible_types(narrow).iter().all(|name| wide.contains(name)))
    }

    /// Whether what is selected on `wide` can be selected on `narrow` itself. A union has no fields, whatever its members share,
    /// and an interface has those that it declares.
    pub fn has_fields_of(&self, narrow: &str, wide: &str) -> bool {
        wide == narrow || self.schema.is_subtype(wide, narrow)
    }

    /// The type of the root fields of such operations.
    pub fn root(&self, kind: OperationType) -> Option<&str> {
        let definition = &self.schema.schema_definition;
        let root = match kind {
            OperationType::Query => &definition.query,
            OperationType::Mutation => &definition.mutation,
            OperationType::Subscription => &definition.subscription,
        };
        root.as_ref().map(|root| root.as_str())
    }

    /// Whether it is an object type.
    pub fn is_object(&self, name: &str) -> bool {
        self.schema.get_object(name).is_some()
    }
}
