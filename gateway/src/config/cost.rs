//! `[cost]`.

use serde::Deserialize;
use sources::cost::{CostRules, Renaming};

use super::Problem;

/// How charges are read and attributed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostConfig {
    /// What becomes of rows that cannot be used.
    pub bad_rows: BadRows,
    /// Names and values of columns.
    pub focus: Renaming,
    /// What is for whom.
    pub attribution: CostRules,
}

/// What becomes of rows that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// Nothing of the export is taken over.
    Stop,
    /// They are left out and counted.
    SetAside,
}

impl CostConfig {
    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        problems.extend(self.attribution.problems().into_iter().map(|(key, message)| Problem::new(key, message)));
    }
}
