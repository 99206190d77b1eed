//! Cost: sums of charges for every question that `CostQuery` can ask, and the billing periods behind them.
//!
//! `width` picks the narrowest sums that can answer, `parts` says what is read from them, `statement` who may see what, and which charges
//! are asked for; `split` spreads what several teams share. `cells` are the sums of a report, `line` its charges one by one, `coverage`
//! tags and commitments, `units` what is paid for, `periods` how complete all of it is.

mod cells;
mod coverage;
mod line;
mod parts;
mod periods;
mod split;
mod statement;
mod units;
mod width;

pub use cells::{CostCell, CostParent, CostQuestion, SplitWeights};
pub use coverage::{CommitmentSums, TagSums};
pub use line::CostLinePages;
pub use periods::CostPeriods;
pub(crate) use periods::status as billing_period_status;
pub use units::DeploymentCounts;
