//! Arguments and variables: known, present, and of a type that may stand where they stand.

use async_graphql_parser::{
    Pos, Positioned,
    types::{BaseType, Field, Type},
};
use async_graphql_value::Value as Literal;

use super::{
    super::types::{self, FieldType},
    Check,
};

impl<'a> Check<'a> {
    pub(super) fn arguments(&mut self, field: &'a Field, known: &FieldType, at: Pos) {
        for (argument, value) in &field.arguments {
            let argument_name = argument.node.as_str();
            match known.arguments.iter().find(|(name, _)| *name == argument_name) {
                Some((name, expected)) => self.literal(name, expected, value),
                None => {
                    let message = format!("Field '{}' doesn't accept argument '{argument_name}'", known.name);
                    self.refuse(&message, argument.pos);
                }
            }
        }
        for (name, expected) in known.arguments {
            if expected.ends_with('!') && field.get_argument(name).is_none() {
                self.refuse(&format!("Field '{}' is missing required arguments: {name}", known.name), at);
            }
        }
    }

    pub(super) fn literal(&mut self, argument: &str, expected: &str, value: &'a Positioned<Literal>) {
        let Some(expected) = Type::new(expected) else { return };
        self.value(argument, &expected, &value.node, value.pos);
    }

    fn value(&mut self, argument: &str, expected: &Type, value: &'a Literal, at: Pos) {
        match (value, &expected.base) {
            (Literal::Variable(name), _) => self.variable(argument, expected, name.as_str(), at),
            (Literal::List(items), BaseType::List(inner)) => {
                items.iter().for_each(|item| self.value(argument, inner, item, at));
            }
            (single, BaseType::List(inner)) => self.value(argument, inner, single, at),
            (Literal::Null, _) if expected.nullable => {}
            (value, BaseType::Named(name)) if !literal_fits(name.as_str(), value) => {
                let message =
                    format!("Argument '{argument}' has an invalid value ({value}). Expected type '{expected}'.");
                self.refuse(&message, at);
            }
            _ => {}
        }
    }

    fn variable(&mut self, argument: &str, expected: &Type, name: &'a str, at: Pos) {
        self.used.insert(name);
        let declared = self.operation.definition.variable_definitions.iter().find(|one| one.node.name.node == name);
        let Some(declared) = declared else {
            return self.refuse(&format!("Variable ${name} is used but not declared"), at);
        };
        let mut actual = declared.node.var_type.node.clone();
        actual.nullable &= declared.node.default_value.is_none();
        if !may_stand_for(&actual, expected) {
            let declared = &declared.node.var_type.node;
            self.refuse(
                &format!("Type mismatch on variable ${name} and argument {argument} ({declared} / {expected})"),
                at,
            );
        }
    }

    /// What was declared and never met.
    pub(super) fn leftovers(&mut self) {
        let operation = self.operation;
        for declared in &operation.definition.variable_definitions {
            let name = declared.node.name.node.as_str();
            let of = named(&declared.node.var_type.node);
            if !types::INPUT_TYPES.contains(&of) {
                self.refuse(&format!("{of} isn't a defined input type (on ${name})"), declared.pos);
            } else if !self.used.contains(name) {
                let owner = operation.name.unwrap_or("anonymous query");
                self.refuse(&format!("Variable ${name} is declared by {owner} but not used"), declared.pos);
            }
        }
        for (name, fragment) in operation.fragments {
            if !self.spread.contains(name.as_str()) {
                self.refuse(&format!("Fragment {name} was defined, but not used"), fragment.pos);
            }
        }
    }
}

fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}

fn may_stand_for(actual: &Type, expected: &Type) -> bool {
    let is_null_safe = expected.nullable || !actual.nullable;
    is_null_safe
        && match (&actual.base, &expected.base) {
            (BaseType::Named(actual), BaseType::Named(expected)) => actual == expected,
            (BaseType::List(actual), BaseType::List(expected)) => may_stand_for(actual, expected),
            _ => false,
        }
}

fn literal_fits(expected: &str, value: &Literal) -> bool {
    match value {
        Literal::String(_) => matches!(expected, "String" | "ID" | "CiPipelineID"),
        Literal::Number(number) => match expected {
            "Int" | "ID" => number.is_i64(),
            other => other == "Float",
        },
        Literal::Boolean(_) => expected == "Boolean",
        Literal::Enum(_) => !matches!(expected, "String" | "ID" | "CiPipelineID" | "Int" | "Float" | "Boolean"),
        _ => false,
    }
}
