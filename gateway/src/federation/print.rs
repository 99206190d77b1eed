//! The text of an operation that was lowered, for a planner that reads texts. Where a selection may meet several types, each
//! object is to say its own.

use std::fmt::Write;

use async_graphql_parser::{
    Positioned,
    types::{DocumentOperations, ExecutableDocument, Field, OperationType, Selection, SelectionSet},
};

use super::{
    canonical::{Canonical, arguments},
    plan::TYPENAME,
};
use crate::prepare::TypeSystem;

/// Writes the document, its fields under the names of `canonical`. None where it is none that was lowered.
pub fn print(
    document: &ExecutableDocument,
    kind: OperationType,
    types: &TypeSystem,
    canonical: &mut Canonical,
) -> Option<String> {
    let DocumentOperations::Single(operation) = &document.operations else { return None };
    let operation = &operation.node;
    let mut out = kind.to_string();
    // Writing to a text cannot fail.
    for (at, variable) in operation.variable_definitions.iter().enumerate() {
        let before = if at == 0 { "(" } else { ", " };
        let _ = write!(out, "{before}${}: {}", variable.node.name.node, variable.node.var_type.node);
        if let Some(default) = &variable.node.default_value {
            let _ = write!(out, " = {}", default.node);
        }
    }
    if !operation.variable_definitions.is_empty() {
        out.push(')');
    }
    let mut printer = Printer { out, types, canonical };
    printer.set(&operation.selection_set.node, types.root(kind)?, true)?;
    Some(printer.out)
}

struct Printer<'a> {
    out: String,
    types: &'a TypeSystem,
    canonical: &'a mut Canonical,
}

impl Printer<'_> {
    fn set(&mut self, set: &SelectionSet, type_name: &str, is_of_object: bool) -> Option<()> {
        self.out.push_str(" {");
        let mut says_type = false;
        self.items(&set.items, type_name, &mut says_type)?;
        if !is_of_object && !says_type {
            let _ = write!(self.out, " {TYPENAME}");
        }
        self.out.push_str(" }");
        Some(())
    }

    fn items(&mut self, items: &[Positioned<Selection>], type_name: &str, says_type: &mut bool) -> Option<()> {
        for item in items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    *says_type |= field.name.node == TYPENAME;
                    self.field(field, type_name)?;
                }
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    let condition = fragment.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    let condition = condition.unwrap_or(type_name);
                    let _ = write!(self.out, " ... on {condition}");
                    self.set(&fragment.selection_set.node, condition, self.types.is_object(condition))?;
                }
                Selection::FragmentSpread(_) => return None,
            }
        }
        Some(())
    }

    fn field(&mut self, field: &Field, type_name: &str) -> Option<()> {
        let key = self.canonical.key(field);
        if key != field.name.node.as_str() {
            let _ = write!(self.out, " {key}:");
        }
        let _ = write!(self.out, " {}", field.name.node);
        if !field.arguments.is_empty() {
            let _ = write!(self.out, "({})", arguments(field));
        }
        if !field.selection_set.node.items.is_empty() {
            let definition = self.types.schema.type_field(type_name, &field.name.node).ok()?;
            let inner = definition.ty.inner_named_type();
            self.set(&field.selection_set.node, inner, self.types.is_object(inner))?;
        }
        Some(())
    }
}

/// What the client calls the fields, in the order of the document, each selection in braces: what is asked of the schema is in no text
/// that is sent.
pub fn names(document: &ExecutableDocument) -> Vec<&str> {
    fn collect<'a>(set: &'a SelectionSet, into: &mut Vec<&'a str>) {
        if set.items.is_empty() {
            return;
        }
        into.push("{");
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    into.push(field.node.response_key().node.as_str());
                    collect(&field.node.selection_set.node, into);
                }
                Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, into),
                Selection::FragmentSpread(_) => {}
            }
        }
        into.push("}");
    }
    let mut names = Vec::new();
    for (_, operation) in document.operations.iter() {
        collect(&operation.node.selection_set.node, &mut names);
    }
    names
}
