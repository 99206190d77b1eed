//! One instant, and a memory of the instants around it that mattered.
//!
//! A state that depends on time asks [`Moment::passed`] for each instant that could change it. The latest that has passed
//! is when the state last changed (its `resourceVersion`), the earliest still to come is when it changes next (when a
//! watch must look again). So neither can be forgotten when a state is given one more step.

use std::cell::Cell;

use chrono::{DateTime, TimeDelta, Utc};

/// An instant in whole seconds, with what was asked about it.
pub(super) struct Moment {
    at: DateTime<Utc>,
    last: Cell<DateTime<Utc>>,
    next: Cell<Option<DateTime<Utc>>>,
}

impl Moment {
    pub(super) fn new(at: DateTime<Utc>) -> Self {
        Self { at, last: Cell::new(DateTime::<Utc>::MIN_UTC), next: Cell::new(None) }
    }

    /// Whether `instant` is not in the future.
    pub(super) fn passed(&self, instant: DateTime<Utc>) -> bool {
        if instant <= self.at {
            self.last.set(self.last.get().max(instant));
            true
        } else {
            self.next.set(Some(self.next.get().map_or(instant, |next| next.min(instant))));
            false
        }
    }

    /// How many of `first`, `first + every`, … have passed.
    pub(super) fn count(&self, first: DateTime<Utc>, every: TimeDelta) -> i64 {
        let every = every.max(TimeDelta::seconds(1));
        if !self.passed(first) {
            return 0;
        }
        let passed = (self.at - first).num_seconds() / every.num_seconds() + 1;
        self.passed(first + TimeDelta::seconds(every.num_seconds() * (passed - 1)));
        self.passed(first + TimeDelta::seconds(every.num_seconds() * passed));
        passed
    }

    /// When the state last changed, as far as it was asked about.
    pub(super) fn changed_at(&self) -> DateTime<Utc> {
        self.last.get()
    }

    /// When it changes next; `None`: never.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.next.get()
    }

    /// Another question about the same instant, to be told apart from this one.
    pub(super) fn apart(&self) -> Self {
        Self::new(self.at)
    }

    /// Takes over when `other` changes next: what is not there yet must still be waited for.
    pub(super) fn awaits(&self, other: &Self) {
        if let Some(next) = other.next() {
            self.passed(next);
        }
    }

    /// Takes over all of `other`: the state here depends on the state there.
    pub(super) fn includes(&self, other: &Self) {
        self.awaits(other);
        self.last.set(self.last.get().max(other.last.get()));
    }
}
