//! Variables: from the request's JSON to checked values, and from literals to the same JSON.

use async_graphql_parser::types::{BaseType, OperationDefinition, Type, VariableDefinition};
use async_graphql_value::Value as Literal;
use serde_json::{Map, Value};

use super::error::error;

/// The values of the declared variables; those left out, with no default, are absent. Values nobody declared are
/// ignored, as GitLab ignores them.
pub(super) fn coerce(
    operation: &OperationDefinition,
    sent: Option<&Map<String, Value>>,
) -> Result<Map<String, Value>, Vec<Value>> {
    let (mut variables, mut errors) = (Map::new(), Vec::new());
    for declared in &operation.variable_definitions {
        let definition = &declared.node;
        let name = definition.name.node.as_str();
        let value = sent.and_then(|sent| sent.get(name)).cloned().or_else(|| default(definition));
        match value {
            Some(value) if fits(&definition.var_type.node, &value) => drop(variables.insert(name.to_owned(), value)),
            None if definition.var_type.node.nullable => {}
            _ => {
                let message =
                    format!("Variable ${name} of type {} was provided invalid value", definition.var_type.node);
                errors.push(error(&message, Some(declared.pos), &[]));
            }
        }
    }
    if errors.is_empty() { Ok(variables) } else { Err(errors) }
}

/// A literal as JSON, variables put in; `None` for a variable without a value.
pub(super) fn to_json(literal: &Literal, variables: &Map<String, Value>) -> Option<Value> {
    Some(match literal {
        Literal::Variable(name) => return variables.get(name.as_str()).cloned(),
        Literal::List(items) => items.iter().map(|item| to_json(item, variables).unwrap_or(Value::Null)).collect(),
        Literal::Enum(name) => Value::String(name.to_string()),
        other => other.clone().into_json().ok()?,
    })
}

fn default(definition: &VariableDefinition) -> Option<Value> {
    definition.default_value.as_ref().and_then(|value| value.node.clone().into_json().ok())
}

fn fits(expected: &Type, value: &Value) -> bool {
    if value.is_null() {
        return expected.nullable;
    }
    match (&expected.base, value) {
        (BaseType::List(inner), Value::Array(items)) => items.iter().all(|item| fits(inner, item)),
        (BaseType::List(inner), single) => fits(inner, single),
        (BaseType::Named(name), value) => match name.as_str() {
            "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "Float" => value.is_number(),
            "Boolean" => value.is_boolean(),
            "ID" => value.is_string() || value.is_i64(),
            _ => value.is_string(),
        },
    }
}
