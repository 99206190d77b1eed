//! Expressions, as they stand once they are read.

use super::{text::Test, value::Cell};

#[derive(Clone, Debug)]
pub(super) enum Expression {
    Literal(Cell),
    /// A column and the steps into it.
    Path(String, Vec<Step>),
    Call(Function, Vec<Expression>),
    Test {
        test: Test,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    In {
        value: Box<Expression>,
        list: Vec<Expression>,
        ignores_case: bool,
        is_negated: bool,
    },
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    ToString,
    ToLower,
    ToUpper,
    ToTime,
    IsEmpty,
    IsNotEmpty,
    IsNull,
    IsNotNull,
    Not,
    Now,
    Ago,
}

impl Function {
    /// The function and how many arguments it takes.
    pub(super) fn named(name: &str) -> Option<(Self, usize)> {
        Some(match name {
            "tostring" => (Self::ToString, 1),
            "tolower" => (Self::ToLower, 1),
            "toupper" => (Self::ToUpper, 1),
            "todatetime" | "datetime" => (Self::ToTime, 1),
            "isempty" => (Self::IsEmpty, 1),
            "isnotempty" | "notempty" => (Self::IsNotEmpty, 1),
            "isnull" => (Self::IsNull, 1),
            "isnotnull" | "notnull" => (Self::IsNotNull, 1),
            "not" => (Self::Not, 1),
            "now" => (Self::Now, 0),
            "ago" => (Self::Ago, 1),
            _ => return None,
        })
    }
}

impl Expression {
    /// The columns it names.
    pub(super) fn columns(&self) -> Vec<&str> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Path(root, _) => vec![root],
            Self::Call(_, parts) | Self::All(parts) | Self::Any(parts) => {
                parts.iter().flat_map(Self::columns).collect()
            }
            Self::Test { left, right, .. } => [left.columns(), right.columns()].concat(),
            Self::In { value, list, .. } => {
                value.columns().into_iter().chain(list.iter().flat_map(Self::columns)).collect()
            }
        }
    }

    /// What a column of it is called when nobody says so: the path with underscores.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Path(root, steps) => {
                let steps = steps.iter().map(|step| match step {
                    Step::Key(key) => format!("_{key}"),
                    Step::Index(index) => format!("_{index}"),
                });
                Some(format!("{root}{}", steps.collect::<String>()))
            }
            // Other functions hide the name of what they are given.
            Self::Call(Function::ToString | Function::ToTime, parts) => parts.first()?.name(),
            _ => None,
        }
    }
}
