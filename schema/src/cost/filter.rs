//! Which charges count.

use async_graphql::{Enum, InputObject};

use super::query::{CostQueryError, is_storable};
use crate::{EntityRef, FILTER_VALUES_MAX, KeyValueInput};

/// Which charges. An empty filter matches all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, InputObject)]
pub struct CostFilter {
    /// Owned by one of these teams.
    pub team: Option<Vec<EntityRef>>,
    /// With `team`: also by all teams below.
    #[graphql(default = true)]
    pub transitive: bool,
    /// For one of these components.
    pub component: Option<Vec<EntityRef>>,
    /// For components of one of these systems.
    pub system: Option<Vec<EntityRef>>,
    /// For components of one of these domains.
    pub domain: Option<Vec<EntityRef>>,
    /// For one of these environments.
    pub environment: Option<Vec<String>>,
    /// From one of these providers.
    pub provider: Option<Vec<String>>,
    /// For one of these services, by ServiceName.
    pub service: Option<Vec<String>>,
    /// For one of these categories of service, by ServiceCategory.
    pub service_category: Option<Vec<String>>,
    /// In one of these regions, by RegionId.
    pub region: Option<Vec<String>>,
    /// In one of these sub-accounts, by SubAccountId.
    pub sub_account: Option<Vec<String>>,
    /// For one of these resources, by ResourceId.
    pub resource: Option<Vec<String>>,
    /// Of one of these categories.
    pub charge_category: Option<Vec<ChargeCategory>>,
    /// With all of these tags.
    pub tags: Option<Vec<KeyValueInput>>,
}

impl Default for CostFilter {
    fn default() -> Self {
        Self {
            team: None,
            transitive: true,
            component: None,
            system: None,
            domain: None,
            environment: None,
            provider: None,
            service: None,
            service_category: None,
            region: None,
            sub_account: None,
            resource: None,
            charge_category: None,
            tags: None,
        }
    }
}

/// Categories of charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum ChargeCategory {
    /// For using a service.
    Usage,
    /// For buying something ahead or once.
    Purchase,
    /// For taxes.
    Tax,
    /// A voucher or credit.
    Credit,
    /// A correction that nothing above covers.
    Adjustment,
    /// A category that Weft does not know.
    Unknown,
}

impl ChargeCategory {
    /// As FOCUS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "Usage",
            Self::Purchase => "Purchase",
            Self::Tax => "Tax",
            Self::Credit => "Credit",
            Self::Adjustment => "Adjustment",
            Self::Unknown => "Unknown",
        }
    }

    /// Of FOCUS's word.
    pub fn of_str(word: &str) -> Self {
        let all = [Self::Usage, Self::Purchase, Self::Tax, Self::Credit, Self::Adjustment];
        all.into_iter().find(|category| category.as_str() == word).unwrap_or(Self::Unknown)
    }
}

impl CostFilter {
    /// Refuses what cannot be.
    pub fn checked(&self) -> Result<(), CostQueryError> {
        let refs =
            [("team", &self.team), ("component", &self.component), ("system", &self.system), ("domain", &self.domain)];
        let counts = refs.map(|(field, refs)| (field, refs.as_ref().map_or(0, Vec::len)));
        let texts = [
            ("environment", &self.environment),
            ("provider", &self.provider),
            ("service", &self.service),
            ("serviceCategory", &self.service_category),
            ("region", &self.region),
            ("subAccount", &self.sub_account),
            ("resource", &self.resource),
        ];
        for (field, values) in texts {
            if values.iter().flatten().any(|value| !is_storable(value)) {
                return Err(CostQueryError::Text(field));
            }
        }
        for KeyValueInput { key, value } in self.tags.iter().flatten() {
            if !is_storable(key) || !value.as_ref().is_none_or(|value| is_storable(value)) {
                return Err(CostQueryError::Text("tags"));
            }
        }
        let text_counts = texts.map(|(field, values)| (field, values.as_ref().map_or(0, Vec::len)));
        let others = [
            ("chargeCategory", self.charge_category.as_ref().map_or(0, Vec::len)),
            ("tags", self.tags.as_ref().map_or(0, Vec::len)),
        ];
        let all = counts.into_iter().chain(text_counts).chain(others);
        match all.into_iter().find(|(_, count)| *count > FILTER_VALUES_MAX) {
            Some((field, count)) => Err(CostQueryError::Values { field, count }),
            None => Ok(()),
        }
    }

    /// It names whose charges, or which one by one: charges that the viewer may not see match none of these.
    pub fn is_personal(&self) -> bool {
        self.team.is_some()
            || self.component.is_some()
            || self.system.is_some()
            || self.domain.is_some()
            || self.environment.is_some()
            || self.sub_account.is_some()
            || self.resource.is_some()
            || self.tags.is_some()
    }
}
