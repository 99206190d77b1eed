//! Cost: sums of charges for every question that `CostQuery` can ask, and the billing periods behind them.
//!
//! `width` picks the narrowest sums that can answer, `cells` puts the statement together, `parts` what it reads from, `split` spreads what several teams share,
//! `periods` says
//! how complete they are.

mod cells;
mod parts;
mod periods;
mod split;
mod width;

pub use cells::{CostCell, CostParent, CostQuestion};
pub use periods::CostPeriods;
