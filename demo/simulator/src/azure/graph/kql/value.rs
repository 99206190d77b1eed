//! Rows and what they are made of.

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::azure::time::instant;

/// A column's type, in the words of a `table` result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::azure::graph) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Object,
    Datetime,
}

impl Kind {
    pub(in crate::azure::graph) fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::Datetime => "datetime",
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::azure::graph) struct Column {
    pub(in crate::azure::graph) name: String,
    pub(in crate::azure::graph) kind: Kind,
}

pub(in crate::azure::graph) struct Rows {
    pub(in crate::azure::graph) columns: Vec<Column>,
    pub(in crate::azure::graph) rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::azure::graph) enum Cell {
    Json(Value),
    Time(DateTime<Utc>),
    Span(TimeDelta),
}

impl Cell {
    pub(super) const NULL: Self = Self::Json(Value::Null);

    pub(in crate::azure::graph) fn to_json(&self) -> Value {
        match self {
            Self::Json(value) => value.clone(),
            Self::Time(at) => json!(instant(*at)),
            Self::Span(span) => json!(span_text(*span)),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Json(Value::Null))
    }

    /// As `tostring` has it: nothing for null, JSON for what is neither text nor scalar.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Json(Value::Null) => String::new(),
            Self::Json(Value::String(text)) => text.clone(),
            Self::Json(value) => value.to_string(),
            Self::Time(at) => instant(*at),
            Self::Span(span) => span_text(*span),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Json(Value::Bool(true)))
    }

    pub(super) fn time(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Time(at) => Some(*at),
            Self::Json(Value::String(text)) => text.parse().ok(),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        if let Self::Json(Value::Number(number)) = self { number.as_f64() } else { None }
    }

    /// How two cells compare, text by its code points; `None` when they do not.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if matches!(self, Self::Time(_)) || matches!(other, Self::Time(_)) {
            return self.time()?.partial_cmp(&other.time()?);
        }
        match (self, other) {
            (Self::Span(left), Self::Span(right)) => left.partial_cmp(right),
            (Self::Json(Value::Bool(left)), Self::Json(Value::Bool(right))) => left.partial_cmp(right),
            (Self::Json(Value::String(left)), Self::Json(Value::String(right))) => left.partial_cmp(right),
            _ => match (self.number(), other.number()) {
                (Some(left), Some(right)) => left.partial_cmp(&right),
                _ if self.is_null() || other.is_null() => None,
                _ => self.text().partial_cmp(&other.text()),
            },
        }
    }
}

/// `d.hh:mm:ss`, the days only when there are any.
fn span_text(span: TimeDelta) -> String {
    let seconds = span.num_seconds();
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match span.num_days() {
        0 => clock,
        days => format!("{days}.{clock}"),
    }
}
