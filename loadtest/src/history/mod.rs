//! Years of deployments: how long it takes to read them, what is left of it when the reader is killed again and again, and how
//! quickly they are found among a million.

mod backfill;
mod found;
mod world;

pub(crate) use backfill::run as run_backfill;
pub(crate) use found::run as run_found;
