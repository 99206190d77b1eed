//! The checks GitLab makes before it looks at any data, in the words of its GraphQL library.
//!
//! Arguments and variables are checked by type, because a query that a lenient fake accepts (a `String!` where an `ID!`
//! is due, a variable nobody uses) is one the real GitLab refuses.

mod input;

use std::collections::HashSet;

use async_graphql_parser::{
    Pos,
    types::{Field, Selection, SelectionSet},
};
use serde_json::{Value, json};

use super::{
    error::error,
    operation::Operation,
    types::{self, FieldType},
};

/// Every problem of the operation; empty when it is valid.
pub(super) fn validate(operation: &Operation<'_>) -> Vec<Value> {
    let mut check = Check {
        operation,
        errors: Vec::new(),
        path: Vec::new(),
        used: HashSet::new(),
        open: Vec::new(),
        spread: HashSet::new(),
    };
    check.path.push(json!(operation.name.map_or_else(|| "query".to_owned(), |name| format!("query {name}"))));
    check.set(&operation.definition.selection_set.node, "Query");
    check.leftovers();
    check.errors
}

struct Check<'a> {
    operation: &'a Operation<'a>,
    errors: Vec<Value>,
    path: Vec<Value>,
    /// Variables met so far.
    used: HashSet<&'a str>,
    /// Fragments we are inside of: meeting one again is a circle.
    open: Vec<&'a str>,
    /// Fragments met so far.
    spread: HashSet<&'a str>,
}

impl<'a> Check<'a> {
    fn set(&mut self, set: &'a SelectionSet, type_name: &str) {
        for item in &set.items {
            for (_, condition) in item.node.directives().iter().flat_map(|directive| &directive.node.arguments) {
                self.literal("if", "Boolean!", condition);
            }
            match &item.node {
                Selection::Field(field) => self.field(&field.node, field.pos, type_name),
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map_or(type_name, |on| on.node.on.node.as_str());
                    self.fragment(&fragment.node.selection_set.node, on, type_name, item.pos);
                }
                Selection::FragmentSpread(spread) => {
                    self.spread(spread.node.fragment_name.node.as_str(), item.pos, type_name)
                }
            }
        }
    }

    fn spread(&mut self, name: &'a str, at: Pos, type_name: &str) {
        let Some(fragment) = self.operation.fragments.get(name) else {
            return self.refuse(&format!("Fragment {name} was used, but not defined"), at);
        };
        if self.open.contains(&name) {
            return self.refuse(&format!("Fragment {name} contains an infinite loop"), at);
        }
        self.spread.insert(name);
        self.open.push(name);
        let on = fragment.node.type_condition.node.on.node.as_str();
        self.fragment(&fragment.node.selection_set.node, on, type_name, at);
        self.open.pop();
    }

    fn fragment(&mut self, set: &'a SelectionSet, on: &str, type_name: &str, at: Pos) {
        if types::fields(on).is_none() {
            self.refuse(&format!("No such type {on}, so it can't be a fragment condition"), at);
        } else if on != type_name {
            self.refuse(&format!("Fragment on {on} can't be spread inside {type_name}"), at);
        } else {
            self.set(set, type_name);
        }
    }

    fn field(&mut self, field: &'a Field, at: Pos, type_name: &str) {
        let name = field.name.node.as_str();
        self.path.push(json!(field.response_key().node.as_str()));
        if let Some(known) = types::field(type_name, name) {
            self.arguments(field, known, at);
            self.selections(field, known, at);
        } else {
            self.refuse(&format!("Field '{name}' doesn't exist on type '{type_name}'"), at);
        }
        self.path.pop();
    }

    fn selections(&mut self, field: &'a Field, known: &FieldType, at: Pos) {
        let (name, returns) = (known.name, known.type_name());
        let set = &field.selection_set.node;
        match known.object_type() {
            None if !set.items.is_empty() => {
                self.refuse(&format!("Selections can't be made on scalars (field '{name}' returns {returns})"), at);
            }
            Some(_) if set.items.is_empty() => {
                let message = format!(
                    "Field must have selections (field '{name}' returns {returns} but has no selections. Did you mean '{name} {{ ... }}'?)"
                );
                self.refuse(&message, at);
            }
            Some(below) => self.set(set, below),
            None => {}
        }
    }

    fn refuse(&mut self, message: &str, at: Pos) {
        self.errors.push(error(message, Some(at), &self.path));
    }
}
