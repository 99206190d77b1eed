//! What a report says besides sums: what one unit cost, what of commitments was used, what has tags.

use async_graphql::SimpleObject;

use crate::{Date, Decimal};

/// Cost for each unit of something that is counted.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct UnitCost {
    /// What is counted.
    pub metric: String,
    /// One of it, for people to read, such as `order`.
    pub unit: String,
    /// How many there were; null where nobody counted.
    pub quantity: Option<Decimal>,
    /// Cost of one; null where `quantity` is null or 0.
    pub amount: Option<Decimal>,
    /// Cost of one over as many days before; null without `compareToPrevious` or without data.
    pub previous_amount: Option<Decimal>,
    /// The same by steps of `granularity`, oldest first.
    pub series: Vec<UnitCostPoint>,
}

/// Cost of one unit at one step in time.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct UnitCostPoint {
    /// First day of the step.
    pub date: Date,
    /// How many there were; null where nobody counted.
    pub quantity: Option<Decimal>,
    /// Cost of one; null where `quantity` is null or 0.
    pub amount: Option<Decimal>,
}

/// Commitment discounts: reservations, savings plans and the like.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct CommitmentSummary {
    /// Effective cost of what was used.
    pub used: Decimal,
    /// Effective cost of what was paid for and not used.
    pub unused: Decimal,
    /// used / (used + unused), 0 to 1; null without commitments.
    pub utilization: Option<f64>,
    /// The share of the spend that could be covered that was, 0 to 1; null without such spend.
    pub coverage: Option<f64>,
    /// One by one, most unused first; at most 100.
    pub commitments: Vec<CommitmentDiscount>,
}

/// One commitment discount.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct CommitmentDiscount {
    /// CommitmentDiscountId.
    pub discount_id: String,
    /// CommitmentDiscountName.
    pub name: Option<String>,
    /// CommitmentDiscountType, such as `Reservation`.
    pub r#type: Option<String>,
    /// Effective cost of what was used.
    pub used: Decimal,
    /// Effective cost of what was paid for and not used.
    pub unused: Decimal,
}

/// How much of the spend that can carry tags does.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct TagCoverage {
    /// Spend on resources that can carry tags.
    pub taggable: Decimal,
    /// Of that, with all keys.
    pub tagged: Decimal,
    /// tagged / taggable, 0 to 1; null when nothing is taggable.
    pub ratio: Option<f64>,
    /// Key by key.
    pub by_tag: Vec<TagCoverageByTag>,
}

/// How much of the taggable spend has one key.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct TagCoverageByTag {
    /// The key.
    pub tag: String,
    /// Spend with it.
    pub tagged: Decimal,
    /// The share of the taggable spend, 0 to 1; null when nothing is taggable.
    pub ratio: Option<f64>,
}
