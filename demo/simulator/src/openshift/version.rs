//! `resourceVersion`: a number that names one state of the whole cluster.
//!
//! It is the second since an epoch, and how often the world has been changed from outside by then. Clients must treat it
//! as opaque, so the real one's dense counting need not be imitated; what matters is that it can be turned back into a
//! snapshot.

use chrono::{DateTime, TimeDelta, Utc};

/// 2023-01-01, before anything here was created.
const EPOCH: DateTime<Utc> = DateTime::from_timestamp(1_672_531_200, 0).expect("a constant in range");

/// How many changes from outside are told apart.
const GENERATIONS: u64 = 10_000;

/// One state of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// A whole second: within one nothing moves.
    pub(super) at: DateTime<Utc>,
    /// How often the world had been changed from outside.
    pub(super) generation: u64,
}

impl Snapshot {
    pub(super) fn new(at: DateTime<Utc>, generation: u64) -> Self {
        Self { at: whole_second(at), generation: generation.min(GENERATIONS - 1) }
    }

    pub(super) fn number(&self) -> u64 {
        (number_at(self.at) + self.generation).max(1)
    }

    pub(super) fn from_number(number: u64) -> Self {
        let seconds = i64::try_from(number / GENERATIONS).unwrap_or(0);
        Self { at: EPOCH + TimeDelta::try_seconds(seconds).unwrap_or_default(), generation: number % GENERATIONS }
    }
}

/// The version of a state that began at `at` by itself.
pub(super) fn number_at(at: DateTime<Utc>) -> u64 {
    u64::try_from((at - EPOCH).num_seconds()).unwrap_or(0).saturating_mul(GENERATIONS).max(1)
}

pub(super) fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at)
}
