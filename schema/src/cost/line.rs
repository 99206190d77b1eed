//! A charge by itself.

use serde_json::{Map, Value};

use super::CostRowKind;
use crate::{DateTime, Decimal, EntityRef};

/// A charge, with what was found out about it.
#[derive(Debug, Clone, PartialEq)]
pub struct CostLineRecord {
    /// Tells it from all others, for good.
    pub key: String,
    /// What kind of charge it is in the report.
    pub kind: CostRowKind,
    /// The team that it is counted for.
    pub team: Option<EntityRef>,
    /// The component that it is for.
    pub component: Option<EntityRef>,
    /// The attribution rule that matched.
    pub rule: Option<String>,
    /// What of it counts in the report, in the report's metric.
    pub amount: Decimal,
    /// BilledCost.
    pub billed_cost: Decimal,
    /// EffectiveCost.
    pub effective_cost: Decimal,
    /// ListCost.
    pub list_cost: Decimal,
    /// ContractedCost.
    pub contracted_cost: Decimal,
    /// BillingCurrency.
    pub currency: String,
    /// BillingPeriodStart.
    pub period_start: DateTime,
    /// BillingPeriodEnd; not included.
    pub period_end: DateTime,
    /// ChargePeriodStart.
    pub starts_at: DateTime,
    /// ChargePeriodEnd; not included.
    pub ends_at: DateTime,
    /// All other columns, as they stand in the file; those that were empty are left out.
    pub columns: Map<String, Value>,
    /// Its tags.
    pub tags: Map<String, Value>,
}

impl CostLineRecord {
    /// The text of a column.
    pub fn text(&self, column: &str) -> Option<String> {
        self.columns.get(column).and_then(Value::as_str).map(str::to_owned)
    }

    /// The number in a column; none where it is none.
    pub fn number(&self, column: &str) -> Option<Decimal> {
        Decimal::read_scientific(self.columns.get(column)?.as_str()?)
    }
}
