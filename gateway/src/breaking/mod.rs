//! What a change of the schema breaks for clients, each with its coordinate. Additions that a client written before cannot
//! notice are not named.
//!
//! `types` compares what there is, `output` fields, `input` arguments and input fields, `directives` what documents may carry.

mod directives;
mod input;
mod output;
mod types;

use apollo_compiler::Schema;

/// A change that clients may notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What has changed, such as `Component.owner` or `Query.entities(first:)`.
    pub coordinate: String,
    /// How.
    pub what: String,
    /// Whether documents stop to work, or clients that rely on what they were promised.
    pub severity: Severity,
}

/// How bad a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// What worked fails.
    Breaking,
    /// What works may mean something else.
    Dangerous,
}

/// The changes, in the order of the old schema.
pub fn compare(old: &Schema, new: &Schema) -> Vec<Change> {
    let mut changes = Changes::default();
    types::compare(old, new, &mut changes);
    directives::compare(old, new, &mut changes);
    changes.0
}

#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn breaking(&mut self, coordinate: impl Into<String>, what: impl Into<String>) {
        self.push(coordinate.into(), what.into(), Severity::Breaking);
    }

    fn dangerous(&mut self, coordinate: impl Into<String>, what: impl Into<String>) {
        self.push(coordinate.into(), what.into(), Severity::Dangerous);
    }

    fn push(&mut self, coordinate: String, what: String, severity: Severity) {
        self.0.push(Change { coordinate, what, severity });
    }
}

#[cfg(test)]
mod tests;
