//! What a cost report says, from the cells of its statement: every figure of one report comes from the same cells.
//!
//! `report` sums them up, `steps` cuts the range.

mod report;
mod steps;

pub use report::{Group, Report, change_ratio, ratio};
pub use steps::Steps;
