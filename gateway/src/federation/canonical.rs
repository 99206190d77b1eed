//! `Canonical`: what fields are called between us and services: by their own names, with a number where one is asked in several
//! ways. So plans are small, and equal questions are equal whatever clients call their parts. What a client gives two names has two
//! here: below one of them nothing is lost that fails below the other, and fields of one name in several types, which may be of
//! several types themselves, are as far apart as the client keeps them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_graphql_parser::types::Field;

use super::plan::TYPENAME;

/// The names of the fields of one operation.
#[derive(Debug)]
pub struct Canonical {
    variants: HashMap<String, Variants>,
    /// The names of the fields of keys. With arguments none of these has its own name: that is what a planner means which adds keys.
    of_keys: Arc<BTreeSet<String>>,
}

/// The ways in which the fields of one name are asked for.
#[derive(Debug, Default)]
struct Variants {
    /// The first has the name as it is.
    plain: Option<String>,
    others: Vec<String>,
}

impl Canonical {
    /// Those of an operation. `of_keys` are the names of the fields of all keys.
    pub fn new(of_keys: &Arc<BTreeSet<String>>) -> Self {
        Self { variants: HashMap::new(), of_keys: Arc::clone(of_keys) }
    }

    /// The name of this field.
    pub fn key(&mut self, field: &Field) -> String {
        let name = field.name.node.as_str();
        if name == TYPENAME {
            return name.to_owned();
        }
        let variants = self.variants.entry(name.to_owned()).or_default();
        let variant = format!("{}({})", field.response_key().node, arguments(field));
        let may_be_plain = field.arguments.is_empty() || !self.of_keys.contains(name);
        if may_be_plain && *variants.plain.get_or_insert_with(|| variant.clone()) == variant {
            return name.to_owned();
        }
        let at = variants.others.iter().position(|known| *known == variant).unwrap_or_else(|| {
            variants.others.push(variant);
            variants.others.len() - 1
        });
        format!("{name}__{}", at + 1)
    }
}

/// The arguments as they are written, in the order of their names.
pub fn arguments(field: &Field) -> String {
    let mut written: Vec<String> =
        field.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node)).collect();
    written.sort_unstable();
    written.join(", ")
}
