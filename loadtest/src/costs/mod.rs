//! Cost over many charges: how quickly exports are taken over, attribution and sums included, and how quickly the questions of
//! dashboards are answered over a million and over ten million.

mod asked;
mod charges;

pub(crate) use asked::run;
