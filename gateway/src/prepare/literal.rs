//! Literals in a document: values of the schema's own scalars, keys given twice, and inputs of which exactly one key is given.

use std::collections::HashSet;

use apollo_compiler::{
    ExecutableDocument, Name, Node,
    ast::{Argument, InputValueDefinition, Type, Value},
    executable::{DirectiveList, Operation, Selection, SelectionSet},
    schema::ExtendedType,
};
use serde_json::Value as Json;

use super::{Finding, lines::Lines, type_system::TypeSystem};

/// Everything that is wrong with the literals of a valid document.
pub fn check(document: &ExecutableDocument, types: &TypeSystem) -> Vec<Finding> {
    let text = document.sources.values().next().map(|file| file.source_text().to_owned()).unwrap_or_default();
    let mut check = Check { document, types, lines: Lines::of(&text), text, findings: Vec::new() };
    for operation in document.operations.iter() {
        check.operation(operation);
    }
    check.findings
}

struct Check<'a> {
    document: &'a ExecutableDocument,
    types: &'a TypeSystem,
    lines: Lines,
    text: String,
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    fn operation(&mut self, operation: &'a Operation) {
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                self.value(&variable.ty, default, operation);
            }
        }
        self.directives(&operation.directives, operation);
        self.set(&operation.selection_set, operation, &mut HashSet::new());
    }

    /// Each fragment once for each operation: what a variable may be depends on the operation.
    fn set(&mut self, set: &'a SelectionSet, operation: &'a Operation, visited: &mut HashSet<&'a Name>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.arguments(&field.arguments, &field.definition.arguments, operation);
                    self.directives(&field.directives, operation);
                    self.set(&field.selection_set, operation, visited);
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives, operation);
                    self.set(&fragment.selection_set, operation, visited);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives, operation);
                    if visited.insert(&spread.fragment_name)
                        && let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                    {
                        self.set(&fragment.selection_set, operation, visited);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'a DirectiveList, operation: &'a Operation) {
        for directive in directives.iter() {
            if let Some(definition) = self.types.schema.directive_definitions.get(&directive.name) {
                self.arguments(&directive.arguments, &definition.arguments, operation);
            }
        }
    }

    fn arguments(
        &mut self,
        arguments: &'a [Node<Argument>],
        definitions: &'a [Node<InputValueDefinition>],
        operation: &'a Operation,
    ) {
        for argument in arguments {
            if let Some(definition) = definitions.iter().find(|definition| definition.name == argument.name) {
                self.value(&definition.ty, &argument.value, operation);
            }
        }
    }

    fn value(&mut self, ty: &'a Type, value: &'a Node<Value>, operation: &'a Operation) {
        match (ty, &**value) {
            (_, Value::Null | Value::Variable(_)) => {}
            (Type::List(item) | Type::NonNullList(item), Value::List(values)) => {
                values.iter().for_each(|value| self.value(item, value, operation));
            }
            (Type::List(item) | Type::NonNullList(item), _) => self.value(item, value, operation),
            (Type::Named(name) | Type::NonNullNamed(name), _) => self.named(name, value, operation),
        }
    }

    fn named(&mut self, name: &'a Name, value: &'a Node<Value>, operation: &'a Operation) {
        match self.types.schema.types.get(name) {
            Some(ExtendedType::InputObject(input)) => {
                let Value::Object(fields) = &**value else { return };
                if input.directives.has("oneOf") {
                    self.one_of(name, fields, value, operation);
                }
                let mut keys = HashSet::new();
                for (key, value) in fields {
                    if !keys.insert(key) {
                        self.find(format!("the key `{key}` is given twice"), value);
                    }
                    if let Some(field) = input.fields.get(key) {
                        self.value(&field.ty, value, operation);
                    }
                }
            }
            Some(ExtendedType::Scalar(scalar)) if !scalar.is_built_in() => {
                // With a variable inside, the value is known only at execution.
                let problem = to_json(value).and_then(|json| schema::scalar_problem(name, json));
                if let Some(problem) = problem {
                    self.find(format!("this is no `{name}`: {problem}"), value);
                }
            }
            _ => {}
        }
    }

    fn one_of(
        &mut self,
        name: &Name,
        fields: &'a [(Name, Node<Value>)],
        value: &'a Node<Value>,
        operation: &'a Operation,
    ) {
        let [(key, given)] = fields else {
            return self.find(format!("`{name}` needs exactly one key"), value);
        };
        match &**given {
            Value::Null => self.find(format!("`{name}.{key}` must not be null"), given),
            Value::Variable(variable) => {
                let definition = operation.variables.iter().find(|definition| definition.name == *variable);
                if definition.is_some_and(|definition| !definition.ty.is_non_null()) {
                    self.find(
                        format!("`${variable}` may be null, but `{name}.{key}` must not: declare it with `!`"),
                        given,
                    );
                }
            }
            _ => {}
        }
    }

    fn find(&mut self, message: String, value: &Node<Value>) {
        let location = value.location().map(|span| self.lines.place(&self.text, span.offset()));
        let finding = Finding::new(message, location);
        // A fragment is looked at once for each operation.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// A literal as JSON; none when it holds a variable.
pub fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Variable(_) => return None,
        Value::Enum(name) => Json::String(name.to_string()),
        Value::String(text) => Json::String(text.clone()),
        Value::Boolean(value) => Json::Bool(*value),
        Value::Int(number) => serde_json::from_str(number.as_str()).unwrap_or(Json::Null),
        Value::Float(number) => serde_json::from_str(number.as_str()).unwrap_or(Json::Null),
        Value::List(values) => Json::Array(values.iter().map(|value| to_json(value)).collect::<Option<_>>()?),
        Value::Object(fields) => {
            let field = |(key, value): &(Name, Node<Value>)| Some((key.to_string(), to_json(value)?));
            Json::Object(fields.iter().map(field).collect::<Option<_>>()?)
        }
    })
}
