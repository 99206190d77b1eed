//! `[cost]`.

use serde::Deserialize;
use sources::{
    azure,
    cost::{CostRules, Renaming},
};

use super::{Problem, is_tenant};

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
    /// How charges are read from Azure.
    pub azure: azure::cost::Config,
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
    /// `azure` is with whose client charges are read.
    pub(super) fn validate(&self, azure: &azure::Config, problems: &mut Vec<Problem>) {
        problems.extend(self.attribution.problems().into_iter().map(|(key, message)| Problem::new(key, message)));
        problems.extend(self.azure.problems().into_iter().map(|(key, message)| Problem::new(key, message)));
        for (key, tenant) in self.azure.tenants().filter(|(_, tenant)| !is_tenant(tenant)) {
            let message = format!("`{tenant}` is not a tenant: small letters, digits, - and _");
            problems.push(Problem::new(key, message));
        }
        if self.azure.enabled && self.azure.is_used() && !(azure.enabled && azure.client_id.is_some()) {
            let message =
                "charges are read with the client of sources.azure: set its tenant_id, client_id and client_secret";
            problems.push(Problem::new("cost.azure", message));
        }
    }
}
