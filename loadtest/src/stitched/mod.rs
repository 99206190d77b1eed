//! The gateway before five fake upstreams: what faults and quotas of theirs do to those who ask (`faults`, `quota`), and what a page
//! that is stitched of all of them costs (`cost`).

mod callers;
mod cost;
mod faults;
mod judge;
mod pace;
mod part;
mod quota;
mod stage;

pub(crate) use cost::{StitchedPage, measure as measure_cost, run as run_cost};
pub(crate) use faults::{FaultArgs, run as run_faults};
pub(crate) use quota::run as run_quota;
pub(crate) use stage::Stage;
