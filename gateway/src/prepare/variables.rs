//! Variables as the specification coerces them: what is missing gets its default, what does not fit is named with its path,
//! and what was left out stays left out, so that defaults of arguments apply.

use apollo_compiler::{
    Name,
    ast::Type,
    executable::Operation,
    schema::{ExtendedType, InputObjectType},
};
use schema::ErrorCode;
use serde_json::{Map, Number, Value};

use super::{Finding, Refusal, literal::to_json, type_system::TypeSystem};

/// Most findings that are told of one request.
const FINDINGS_MAX: usize = 10;

/// The values of an operation's variables. Those that were left out and have no default are not among them.
pub fn coerce(
    operation: &Operation,
    mut given: Map<String, Value>,
    types: &TypeSystem,
) -> Result<Map<String, Value>, Refusal> {
    let mut values = Map::with_capacity(operation.variables.len());
    let mut findings = Vec::new();
    for variable in &operation.variables {
        let name = variable.name.as_str();
        let value = match (given.remove(name), &variable.default_value) {
            (Some(value), _) => value,
            (None, Some(default)) => to_json(default).unwrap_or_default(),
            (None, None) if variable.ty.is_non_null() => {
                findings
                    .push(Finding::new(format!("the variable `${name}` of type `{}` is missing", variable.ty), None));
                continue;
            }
            (None, None) => continue,
        };
        let mut path = Path(format!("${name}"));
        match coerce_value(&variable.ty, value, types, &mut path) {
            Ok(value) => {
                values.insert(name.to_owned(), value);
            }
            Err(problem) => findings.push(Finding::new(problem, None)),
        }
        if findings.len() >= FINDINGS_MAX {
            break;
        }
    }
    match Refusal::of_findings(ErrorCode::BadUserInput, findings) {
        Some(refusal) => Err(refusal),
        None => Ok(values),
    }
}

/// The defaults of those variables that have one.
pub fn defaults(operation: &Operation, types: &TypeSystem) -> Map<String, Value> {
    let with_default = operation.variables.iter().filter_map(|variable| {
        let value = to_json(variable.default_value.as_ref()?)?;
        let value = coerce_value(&variable.ty, value, types, &mut Path(String::new())).ok()?;
        Some((variable.name.to_string(), value))
    });
    with_default.collect()
}

/// Where in the variables a value stands.
struct Path(String);

impl Path {
    fn within<T>(&mut self, segment: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.0.len();
        self.0.push('.');
        self.0.push_str(segment);
        let outcome = look(self);
        self.0.truncate(length);
        outcome
    }

    fn problem<T>(&self, problem: impl std::fmt::Display) -> Result<T, String> {
        Err(format!("`{}`: {problem}", self.0))
    }
}

fn coerce_value(ty: &Type, value: Value, types: &TypeSystem, path: &mut Path) -> Result<Value, String> {
    if value.is_null() {
        return if ty.is_non_null() { path.problem(format!("`{ty}` must not be null")) } else { Ok(Value::Null) };
    }
    match (ty, value) {
        (Type::List(item) | Type::NonNullList(item), Value::Array(values)) => {
            let item = |(at, value): (usize, Value)| {
                path.within(&at.to_string(), |path| coerce_value(item, value, types, path))
            };
            Ok(Value::Array(values.into_iter().enumerate().map(item).collect::<Result<_, _>>()?))
        }
        // One value stands for a list of it.
        (Type::List(item) | Type::NonNullList(item), value) => {
            Ok(Value::Array(vec![coerce_value(item, value, types, path)?]))
        }
        (Type::Named(name) | Type::NonNullNamed(name), value) => coerce_named(name, value, types, path),
    }
}

fn coerce_named(name: &Name, value: Value, types: &TypeSystem, path: &mut Path) -> Result<Value, String> {
    match types.schema.types.get(name) {
        Some(ExtendedType::Scalar(scalar)) if scalar.is_built_in() => match built_in(name, &value) {
            Some(value) => Ok(value),
            None => path.problem(format!("{} is no `{name}`", shown(&value))),
        },
        Some(ExtendedType::Scalar(_)) => match schema::scalar_problem(name, value.clone()) {
            None => Ok(value),
            Some(problem) => path.problem(format!("{} is no `{name}`: {problem}", shown(&value))),
        },
        Some(ExtendedType::Enum(definition)) => {
            if value.as_str().is_some_and(|text| definition.values.contains_key(text)) {
                return Ok(value);
            }
            path.problem(format!("{} is no value of `{name}`", shown(&value)))
        }
        Some(ExtendedType::InputObject(input)) => match value {
            Value::Object(fields) => coerce_input(name, input, fields, types, path),
            other => path.problem(format!("{} is no `{name}`: an object is needed", shown(&other))),
        },
        _ => path.problem(format!("`{name}` is no type of input")),
    }
}

fn coerce_input(
    name: &Name,
    input: &InputObjectType,
    mut given: Map<String, Value>,
    types: &TypeSystem,
    path: &mut Path,
) -> Result<Value, String> {
    if input.directives.has("oneOf") && (given.len() != 1 || given.values().any(Value::is_null)) {
        return path.problem(format!("`{name}` needs exactly one key, and not null"));
    }
    let mut fields = Map::with_capacity(input.fields.len());
    for (key, definition) in &input.fields {
        let value = match (given.remove(key.as_str()), &definition.default_value) {
            (Some(value), _) => value,
            (None, Some(default)) => to_json(default).unwrap_or_default(),
            (None, None) if definition.ty.is_non_null() => {
                return path.problem(format!("the key `{key}` of `{name}` is missing"));
            }
            (None, None) => continue,
        };
        let value = path.within(key, |path| coerce_value(&definition.ty, value, types, path))?;
        fields.insert(key.to_string(), value);
    }
    match given.keys().next() {
        Some(unknown) => path.problem(format!("`{name}` has no key {}", shown(&Value::String(unknown.clone())))),
        None => Ok(Value::Object(fields)),
    }
}

/// The value as this built-in scalar has it; none when it does not fit.
fn built_in(name: &str, value: &Value) -> Option<Value> {
    match (name, value) {
        ("Int", Value::Number(number)) => {
            let whole = number.as_i64().or_else(|| {
                let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
                // Exact in this range.
                (float.abs() <= f64::from(i32::MAX) + 1.0).then_some(float as i64)
            })?;
            i32::try_from(whole).ok().map(|whole| Value::Number(whole.into()))
        }
        ("Float", Value::Number(number)) => number.as_f64().filter(|float| float.is_finite()).map(|_| value.clone()),
        ("String", Value::String(_)) | ("Boolean", Value::Bool(_)) | ("ID", Value::String(_)) => Some(value.clone()),
        ("ID", Value::Number(number)) => is_whole(number).then(|| Value::String(number.to_string())),
        _ => None,
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

/// A value as a message quotes it.
fn shown(value: &Value) -> String {
    const CHARS_MAX: usize = 60;
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => {
            let text = scalar.to_string();
            match text.char_indices().nth(CHARS_MAX) {
                Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
                None => text,
            }
        }
    }
}

#[cfg(test)]
#[path = "variables_tests.rs"]
mod tests;
