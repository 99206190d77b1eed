//! The value and the type of an expression on a row.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    super::Failure,
    ast::{Expression, Function, Step},
    text::equal,
    value::{Cell, Column, Kind},
};

/// What expressions are worked out against.
pub(super) struct Context<'a> {
    pub(super) columns: &'a [Column],
    pub(super) now: DateTime<Utc>,
}

impl Context<'_> {
    /// Refuses an expression that names a column these rows do not have.
    pub(super) fn check(&self, expression: &Expression) -> Result<(), Failure> {
        let absent = expression.columns().into_iter().find(|name| self.position(name).is_none());
        absent.map_or(Ok(()), |name| Err(Failure::column(name)))
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    pub(super) fn kind(&self, expression: &Expression) -> Kind {
        match expression {
            Expression::Literal(Cell::Json(Value::Number(number))) if number.is_f64() => Kind::Number,
            Expression::Literal(Cell::Json(Value::Number(_))) => Kind::Integer,
            Expression::Literal(Cell::Json(Value::Bool(_))) => Kind::Boolean,
            Expression::Literal(Cell::Time(_)) => Kind::Datetime,
            Expression::Literal(_) => Kind::String,
            Expression::Path(root, steps) if steps.is_empty() => {
                let column = self.position(root).and_then(|at| self.columns.get(at));
                column.map_or(Kind::Object, |column| column.kind)
            }
            Expression::Path(..) => Kind::Object,
            Expression::Call(function, _) => match function {
                Function::ToString | Function::ToLower | Function::ToUpper => Kind::String,
                Function::ToTime | Function::Now | Function::Ago => Kind::Datetime,
                _ => Kind::Boolean,
            },
            Expression::Test { .. } | Expression::In { .. } | Expression::All(_) | Expression::Any(_) => Kind::Boolean,
        }
    }

    pub(super) fn value(&self, expression: &Expression, row: &[Cell]) -> Cell {
        let truth = |is_true: bool| Cell::Json(json!(is_true));
        match expression {
            Expression::Literal(cell) => cell.clone(),
            Expression::Path(root, steps) => self.path(root, steps, row),
            Expression::Call(function, arguments) => {
                let argument = arguments.first().map_or(Cell::NULL, |argument| self.value(argument, row));
                self.call(*function, &argument)
            }
            Expression::Test { test, left, right } => {
                truth(test.holds(&self.value(left, row), &self.value(right, row)))
            }
            Expression::In { value, list, ignores_case, is_negated } => {
                let value = self.value(value, row);
                let text = value.text();
                let found = list.iter().map(|item| self.value(item, row)).any(|item| match ignores_case {
                    true => item.text().to_lowercase() == text.to_lowercase(),
                    false => equal(&item, &value),
                });
                truth(found != *is_negated)
            }
            Expression::All(parts) => truth(parts.iter().all(|part| self.value(part, row).is_true())),
            Expression::Any(parts) => truth(parts.iter().any(|part| self.value(part, row).is_true())),
        }
    }

    fn path(&self, root: &str, steps: &[Step], row: &[Cell]) -> Cell {
        let Some(cell) = self.position(root).and_then(|at| row.get(at)) else { return Cell::NULL };
        let (false, Cell::Json(value)) = (steps.is_empty(), cell) else { return cell.clone() };
        let found = steps.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        });
        Cell::Json(found.cloned().unwrap_or(Value::Null))
    }

    fn call(&self, function: Function, argument: &Cell) -> Cell {
        let text = |text: String| Cell::Json(json!(text));
        let truth = |is_true: bool| Cell::Json(json!(is_true));
        match function {
            Function::ToString => text(argument.text()),
            Function::ToLower => text(argument.text().to_lowercase()),
            Function::ToUpper => text(argument.text().to_uppercase()),
            Function::ToTime => match argument {
                // A date alone is its midnight.
                Cell::Json(Value::String(day)) if day.len() == 10 => time(&format!("{day}T00:00:00Z")),
                other => other.time().map_or(Cell::NULL, Cell::Time),
            },
            Function::IsEmpty => truth(argument.text().is_empty()),
            Function::IsNotEmpty => truth(!argument.text().is_empty()),
            Function::IsNull => truth(argument.is_null()),
            Function::IsNotNull => truth(!argument.is_null()),
            Function::Not => truth(!argument.is_true()),
            Function::Now => Cell::Time(self.now),
            Function::Ago => match argument {
                Cell::Span(span) => self.now.checked_sub_signed(*span).map_or(Cell::NULL, Cell::Time),
                _ => Cell::NULL,
            },
        }
    }
}

fn time(text: &str) -> Cell {
    text.parse().map_or(Cell::NULL, Cell::Time)
}
