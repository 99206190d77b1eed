//! The words of cost: those of FOCUS, the FinOps Open Cost and Usage Specification.

mod filter;
mod line;
mod measures;
mod query;
mod report;

pub use filter::{ChargeCategory, CostFilter};
pub use line::CostLineRecord;
pub use measures::{CommitmentDiscount, CommitmentSummary, TagCoverage, TagCoverageByTag, UnitCost, UnitCostPoint};
pub use query::{
    COST_DAYS_MAX, COST_DIMENSIONS_MAX, CostDimension, CostDimensionInput, CostGranularity, CostMetric, CostQuery,
    CostQueryError, OwnershipBasis, SharedCostSplit,
};
pub use report::{BillingPeriod, BillingPeriodStatus, CostGroupOrder, CostPoint, CostRowKind};
