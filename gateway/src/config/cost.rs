//! `[cost]`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use resolvers::CostOptions;
use schema::{DEFAULT_NAMESPACE, Decimal, EntityRef, EntityRefError};
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
    /// Keys of tags that what can carry tags should have.
    pub required_tags: Vec<String>,
    /// What each team carries of shared costs, by the names of the rules.
    pub splits: BTreeMap<String, BTreeMap<String, Weight>>,
    /// How charges are read from Azure.
    pub azure: azure::cost::Config,
}

/// Most rules of how shared costs are split.
const SPLITS_MAX: usize = 100;

/// Most teams of one of them.
const SPLIT_TEAMS_MAX: usize = 1_000;

/// A number greater than 0: whole, or a text with a point in it, as floats are not exact.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Weight {
    /// A whole one.
    Whole(u32),
    /// One with digits after the point.
    Text(String),
}

impl Weight {
    fn read(&self) -> Option<Decimal> {
        let weight = match self {
            Self::Whole(weight) => Decimal::read(&weight.to_string()),
            Self::Text(text) => Decimal::read(text),
        };
        weight.filter(|weight| *weight > Decimal::default())
    }
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
        self.validate_splits(problems);
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

    fn validate_splits(&self, problems: &mut Vec<Problem>) {
        if self.splits.len() > SPLITS_MAX {
            problems.push(Problem::new("cost.splits", format!("holds more than {SPLITS_MAX} rules")));
        }
        for (name, teams) in &self.splits {
            let key = format!("cost.splits.{name}");
            if teams.is_empty() || teams.len() > SPLIT_TEAMS_MAX {
                problems.push(Problem::new(&key, format!("must name 1 to {SPLIT_TEAMS_MAX} teams")));
            }
            let mut named = BTreeSet::new();
            for (team, weight) in teams {
                match team_ref(team) {
                    Ok(team) if named.insert(team.clone()) => {}
                    Ok(team) => problems.push(Problem::new(&key, format!("names {} twice", team.as_str()))),
                    Err(error) => problems.push(Problem::new(&key, error.to_string())),
                }
                if weight.read().is_none() {
                    let message = "the weight must be a number greater than 0: whole, or as a text such as \"1.5\"";
                    problems.push(Problem::new(format!("{key}.{team}"), message));
                }
            }
        }
    }

    /// What resolvers need to know of it.
    pub fn options(&self) -> CostOptions {
        let weights = |teams: &BTreeMap<String, Weight>| {
            let weights = teams.iter().filter_map(|(team, weight)| Some((team_ref(team).ok()?, weight.read()?)));
            Arc::new(weights.collect())
        };
        CostOptions {
            splits: self.splits.iter().map(|(name, teams)| (name.clone(), weights(teams))).collect(),
            required_tags: self.required_tags.clone(),
        }
    }
}

fn team_ref(team: &str) -> Result<EntityRef, EntityRefError> {
    EntityRef::parse_with(team, Some("group"), DEFAULT_NAMESPACE)
}
