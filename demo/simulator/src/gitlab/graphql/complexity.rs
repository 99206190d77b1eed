//! GitLab's price of a query.
//!
//! One point per field with what is below it; a connection costs one hundredth more for each row of its page, asked for
//! or not, and 100 rows when no `first` is given.

use async_graphql_parser::types::{Field, SelectionSet};
use serde_json::Value;

use super::{
    operation::Operation,
    page::ROWS_MAX,
    types::{self, Shape},
};

pub(super) fn score(operation: &Operation<'_>) -> i64 {
    below(operation, &operation.definition.selection_set.node, "Query")
}

fn below<'a>(operation: &Operation<'a>, set: &'a SelectionSet, type_name: &str) -> i64 {
    operation.fields(set).into_iter().map(|field| of_field(operation, field, type_name)).sum()
}

fn of_field<'a>(operation: &Operation<'a>, field: &'a Field, type_name: &str) -> i64 {
    let Some(known) = types::field(type_name, field.name.node.as_str()) else { return 0 };
    let children = known.object_type().map_or(0, |name| below(operation, &field.selection_set.node, name));
    match known.shape {
        Shape::Leaf(_) | Shape::Object(_) => 1 + children,
        Shape::Connection(_) => {
            let first = operation.argument(field, "first").as_ref().and_then(Value::as_i64);
            let rows = first.unwrap_or(ROWS_MAX).clamp(0, ROWS_MAX);
            (1 + children) * (100 + rows) / 100
        }
    }
}
