//! From a valid operation to its answer.

use async_graphql_parser::types::{Field, SelectionSet};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    error::error,
    operation::Operation,
    resolve::{Answer, Source, resolve},
    types,
};
use crate::gitlab::{Gitlab, World};

/// One operation under way.
pub(super) struct Execution<'a> {
    pub(super) world: &'a World,
    pub(super) url: &'a str,
    pub(super) now: DateTime<Utc>,
    pub(super) score: i64,
    operation: &'a Operation<'a>,
}

/// The whole answer. Every field here may be null, so an error stays where it happened.
pub(super) fn execute(gitlab: &Gitlab, operation: &Operation<'_>, score: i64) -> Value {
    let world = gitlab.world();
    let run = Execution { world: &world, url: gitlab.url(), now: gitlab.now(), score, operation };
    let mut errors = Vec::new();
    let set = &operation.definition.selection_set.node;
    let data = run.object(&Source::Query, "Query", &[set], &mut Vec::new(), &mut errors);
    if errors.is_empty() { json!({ "data": data }) } else { json!({ "data": data, "errors": errors }) }
}

impl<'a> Execution<'a> {
    pub(super) fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        self.operation.argument(field, name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, field: &Field, name: &str) -> Option<String> {
        self.argument(field, name)?.as_str().map(str::to_owned)
    }

    /// A list of strings; a single one counts as a list of one.
    pub(super) fn strings(&self, field: &Field, name: &str) -> Option<Vec<String>> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(match self.argument(field, name)? {
            Value::Array(items) => items.iter().filter_map(text).collect(),
            single => text(&single).into_iter().collect(),
        })
    }

    /// Whether `name` is among the selections of `field` itself; a second field of the same response key is not looked at.
    pub(super) fn selects(&self, field: &'a Field, name: &str) -> bool {
        self.operation.fields(&field.selection_set.node).iter().any(|below| below.name.node == name)
    }

    fn object(
        &self,
        source: &Source<'a>,
        type_name: &str,
        sets: &[&'a SelectionSet],
        path: &mut Vec<Value>,
        errors: &mut Vec<Value>,
    ) -> Value {
        let mut object = Map::new();
        for (key, fields) in self.by_key(sets) {
            path.push(json!(key));
            let value = self.field(source, type_name, &fields, path, errors);
            path.pop();
            object.insert(key.to_owned(), value);
        }
        Value::Object(object)
    }

    /// `fields` share one response key: the first gives the arguments, all of them give the selections.
    fn field(
        &self,
        source: &Source<'a>,
        type_name: &str,
        fields: &[&'a Field],
        path: &mut Vec<Value>,
        errors: &mut Vec<Value>,
    ) -> Value {
        let Some(field) = fields.first() else { return Value::Null };
        let name = field.name.node.as_str();
        if name == "__typename" {
            return json!(type_name);
        }
        let below = types::field(type_name, name).and_then(types::FieldType::object_type).unwrap_or_default();
        let sets: Vec<_> = fields.iter().map(|field| &field.selection_set.node).collect();
        match resolve(self, source, field) {
            Ok(Answer::Leaf(value)) => value,
            Ok(Answer::Object(source)) => self.object(&source, below, &sets, path, errors),
            Ok(Answer::List(items)) => {
                let mut list = Vec::with_capacity(items.len());
                for (place, item) in items.iter().enumerate() {
                    path.push(json!(place));
                    list.push(self.object(item, below, &sets, path, errors));
                    path.pop();
                }
                Value::Array(list)
            }
            Err(message) => {
                errors.push(error(&message, Some(field.name.pos), path));
                Value::Null
            }
        }
    }

    fn by_key(&self, sets: &[&'a SelectionSet]) -> Vec<(&'a str, Vec<&'a Field>)> {
        let mut grouped: Vec<(&str, Vec<&Field>)> = Vec::new();
        for field in sets.iter().flat_map(|set| self.operation.fields(set)) {
            let key = field.response_key().node.as_str();
            match grouped.iter_mut().find(|(known, _)| *known == key) {
                Some((_, fields)) => fields.push(field),
                None => grouped.push((key, vec![field])),
            }
        }
        grouped
    }
}
