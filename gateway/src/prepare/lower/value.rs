//! Arguments and types in the engine's own form.

use apollo_compiler::{
    Node,
    ast::{Type, Value as Literal},
    executable::Field,
};
use async_graphql::Name;
use async_graphql_parser::{
    Pos, Positioned,
    types::{BaseType, Type as EngineType},
};
use async_graphql_value::{ConstValue, Value};
use serde_json::{Map, Number, Value as Json};

/// The arguments of a field. One that is fed by a variable that was left out is left out too, so that its default applies.
pub fn arguments(field: &Field, variables: &Map<String, Json>, pos: Pos) -> Vec<(Positioned<Name>, Positioned<Value>)> {
    let argument = |argument: &Node<apollo_compiler::ast::Argument>| {
        let value = value(&argument.value, variables)?;
        Some((Positioned::new(Name::new(&argument.name), pos), Positioned::new(value, pos)))
    };
    field.arguments.iter().filter_map(argument).collect()
}

/// A literal; none for a variable that was left out.
fn value(literal: &Literal, variables: &Map<String, Json>) -> Option<Value> {
    Some(match literal {
        Literal::Null => Value::Null,
        Literal::Variable(name) if variables.contains_key(name.as_str()) => Value::Variable(Name::new(name)),
        Literal::Variable(_) => return None,
        Literal::Enum(name) => Value::Enum(Name::new(name)),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::Int(number) => number_of(number.as_str()),
        Literal::Float(number) => number_of(number.as_str()),
        // In a list there is no leaving out: the specification has null there.
        Literal::List(values) => {
            Value::List(values.iter().map(|item| value(item, variables).unwrap_or_default()).collect())
        }
        Literal::Object(fields) => {
            let field = |(key, field): &(apollo_compiler::Name, Node<Literal>)| {
                Some((Name::new(key), value(field, variables)?))
            };
            Value::Object(fields.iter().filter_map(field).collect())
        }
    })
}

/// A value without variables; none for null.
pub fn constant(literal: &Literal) -> Option<ConstValue> {
    value(literal, &Map::new())?.into_const().filter(|value| *value != ConstValue::Null)
}

fn number_of(text: &str) -> Value {
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// A variable's type.
pub fn variable_type(ty: &Type) -> EngineType {
    let base = match ty {
        Type::Named(name) | Type::NonNullNamed(name) => BaseType::Named(Name::new(name)),
        Type::List(item) | Type::NonNullList(item) => BaseType::List(Box::new(variable_type(item))),
    };
    EngineType { base, nullable: !ty.is_non_null() }
}
