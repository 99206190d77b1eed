//! `Canonical`: what fields are called between us and services: by their own names, with a number where one is asked in several
//! ways. So plans are small, and equal questions are equal whatever clients call their parts. A scalar under several names is asked
//! for once. Objects are not: what fails below one name must cost nothing below another.

use std::collections::HashMap;

use async_graphql_parser::types::{Field, OperationType};

/// The names of the fields of one operation.
#[derive(Debug, Default)]
pub struct Canonical {
    variants: HashMap<String, Vec<String>>,
    is_mutation: bool,
}

impl Canonical {
    /// The names of the fields of an operation. In a mutation nothing that is asked for twice is done once.
    pub fn of(kind: OperationType) -> Self {
        Self { is_mutation: kind == OperationType::Mutation, ..Self::default() }
    }

    /// The name of this field.
    pub fn key(&mut self, field: &Field) -> String {
        let name = field.name.node.as_str();
        let mut variant = arguments(field);
        if self.is_mutation || !field.selection_set.node.items.is_empty() {
            variant = format!("{}({variant})", field.response_key().node);
        }
        let variants = self.variants.entry(name.to_owned()).or_default();
        let at = variants.iter().position(|known| *known == variant).unwrap_or_else(|| {
            variants.push(variant);
            variants.len() - 1
        });
        if at == 0 { name.to_owned() } else { format!("{name}__{at}") }
    }
}

/// The arguments as they are written, in the order of their names.
pub fn arguments(field: &Field) -> String {
    let mut written: Vec<String> =
        field.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node)).collect();
    written.sort_unstable();
    written.join(", ")
}
