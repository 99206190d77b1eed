//! A query, as it stands once it is read: a table, then what happens to its rows, one stage after the other.

use super::ast::Expression;

/// A query that could be read.
pub(in crate::azure::graph) struct Query {
    /// `None`: it begins with a stage, which means the resources.
    pub(in crate::azure::graph) table: Option<String>,
    pub(super) stages: Vec<Stage>,
}

pub(super) enum Stage {
    Where(Expression),
    Project(Vec<Named>),
    ProjectAway(Vec<String>),
    Extend(Vec<Named>),
    Order(Vec<Key>),
    Take(usize),
    Count,
    Summarize { counts: Vec<String>, by: Vec<Named> },
}

/// A column to be: what it is called, when the query says so, and what it holds.
pub(super) struct Named {
    pub(super) name: Option<String>,
    pub(super) value: Expression,
}

pub(super) struct Key {
    pub(super) value: Expression,
    pub(super) is_falling: bool,
    pub(super) nulls_first: bool,
}

impl Query {
    /// Whether a cell of this column can make a difference to the result.
    pub(in crate::azure::graph) fn sees(&self, column: &str) -> bool {
        let narrows = |stage: &Stage| matches!(stage, Stage::Project(_) | Stage::Count | Stage::Summarize { .. });
        !self.stages.iter().any(narrows) || self.stages.iter().any(|stage| stage.columns().contains(&column))
    }
}

impl Stage {
    fn columns(&self) -> Vec<&str> {
        match self {
            Self::Where(condition) => condition.columns(),
            Self::Project(named) | Self::Extend(named) | Self::Summarize { by: named, .. } => {
                named.iter().flat_map(|named| named.value.columns()).collect()
            }
            Self::Order(keys) => keys.iter().flat_map(|key| key.value.columns()).collect(),
            Self::ProjectAway(_) | Self::Take(_) | Self::Count => Vec::new(),
        }
    }
}
