//! A value with its place in the file. Values are built without recursion, so that no nesting can exhaust the stack.

use serde_json::{Map, Value};

/// A place in a file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value, and where it and everything inside it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) data: Data,
}

/// The value itself.
#[derive(Debug, Clone)]
pub(super) enum Data {
    /// A text, number, boolean or null.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// An object, in the order of the file; keys are unique.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The value without places. Nesting is bounded by then.
    pub(super) fn to_json(&self) -> Value {
        match &self.data {
            Data::Scalar(value) => value.clone(),
            Data::List(items) => items.iter().map(Node::to_json).collect(),
            Data::Object(fields) => Value::Object(to_map(fields)),
        }
    }

    /// The place of the value at this path, or of the nearest one above it.
    pub(super) fn place_of(&self, path: &[&str]) -> Place {
        let Some((first, rest)) = path.split_first() else { return self.place };
        let below = match &self.data {
            Data::Object(fields) => fields.iter().find(|(key, _)| key == first).map(|(_, node)| node),
            Data::List(items) => first.parse::<usize>().ok().and_then(|index| items.get(index)),
            Data::Scalar(_) => None,
        };
        below.map_or(self.place, |node| node.place_of(rest))
    }
}

fn to_map(fields: &[(String, Node)]) -> Map<String, Value> {
    fields.iter().map(|(key, node)| (key.clone(), node.to_json())).collect()
}
