//! The operation to run, and its fields with the fragments opened.

use std::collections::HashMap;

use async_graphql_parser::{
    Positioned,
    types::{
        Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition,
        OperationType, Selection, SelectionSet,
    },
};
use async_graphql_value::{Name, Value as Literal};
use serde_json::{Map, Value};

use super::variables;

pub(super) struct Operation<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) definition: &'a OperationDefinition,
    pub(super) fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// Coerced; empty until the operation has been found valid.
    pub(super) variables: Map<String, Value>,
}

impl<'a> Operation<'a> {
    pub(super) fn choose(document: &'a ExecutableDocument, wanted: Option<&str>) -> Result<Self, String> {
        let mut operations = document.operations.iter();
        let found = match (&document.operations, wanted) {
            (DocumentOperations::Multiple(all), None) if all.len() > 1 => {
                return Err("An operation name is required".to_owned());
            }
            (_, None) => operations.next(),
            (_, Some(wanted)) => operations.find(|(name, _)| name.is_some_and(|name| name == wanted)),
        };
        let (name, definition) = found.ok_or_else(|| format!("No operation named {:?}", wanted.unwrap_or_default()))?;
        if definition.node.ty != OperationType::Query {
            return Err(format!("Schema is not configured for {}s", definition.node.ty));
        }
        let name = name.map(Name::as_str);
        Ok(Self { name, definition: &definition.node, fragments: &document.fragments, variables: Map::new() })
    }

    /// The fields selected at the top.
    pub(super) fn roots(&self) -> Vec<&'a Field> {
        self.fields(&self.definition.selection_set.node)
    }

    /// The fields of `set`, those of its fragments in their place, without the skipped ones. No type has subtypes here,
    /// so a fragment that is valid always applies.
    pub(super) fn fields(&self, set: &'a SelectionSet) -> Vec<&'a Field> {
        let mut fields = Vec::new();
        self.collect(set, &mut fields);
        fields
    }

    fn collect(&self, set: &'a SelectionSet, fields: &mut Vec<&'a Field>) {
        for item in set.items.iter().map(|item| &item.node).filter(|item| self.is_included(item.directives())) {
            match item {
                Selection::Field(field) => fields.push(&field.node),
                Selection::InlineFragment(fragment) => self.collect(&fragment.node.selection_set.node, fields),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        self.collect(&fragment.node.selection_set.node, fields);
                    }
                }
            }
        }
    }

    /// The value of an argument; `None` when it was left out, or given as a variable that was.
    pub(super) fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        self.value(&field.get_argument(name)?.node)
    }

    /// How many project paths are asked for, for the call log.
    pub(super) fn full_paths(&self) -> usize {
        let asked = |field: &Field| match field.name.node.as_str() {
            "projects" => self.argument(field, "fullPaths").as_ref().and_then(Value::as_array).map_or(0, Vec::len),
            "project" => 1,
            _ => 0,
        };
        self.roots().into_iter().map(asked).sum()
    }

    fn is_included(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive.node.get_argument("if").and_then(|value| self.value(&value.node));
            match directive.node.name.node.as_str() {
                "skip" => condition != Some(Value::Bool(true)),
                "include" => condition != Some(Value::Bool(false)),
                _ => true,
            }
        })
    }

    fn value(&self, literal: &Literal) -> Option<Value> {
        variables::to_json(literal, &self.variables)
    }
}
