//! Takes deployments over, from whatever source: the only way into their tables. Events may come twice, late and in any order:
//! the newest state of each stands, and everything that follows from a place as a whole is computed anew from its rows.
//!
//! `event` is what sources tell, `rows` what of it is believed, `partitions` makes room for its month, `derive` says what follows,
//! `places` writes that, `days` keeps the sums of places and `owners` those of teams, `log` the change log; `lease` decides who may write, `sight` keeps up with
//! the catalog.

mod apply;
mod days;
mod derive;
#[cfg(test)]
mod derive_tests;
mod event;
mod lease;
mod log;
mod marks;
mod owners;
mod partitions;
mod places;
mod rows;
mod sight;

pub use apply::{Applied, DeploymentBatch, DeploymentReport};
pub use derive::DeliveryRules;
pub(crate) use event::STARTED_EARLY_MAX;
pub use event::{DeploymentEvent, Origin};
pub use lease::Lease;
pub use marks::Mark;
pub(super) use sight::follow;
