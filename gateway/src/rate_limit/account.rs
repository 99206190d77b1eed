//! `Account`: the points of one principal, client or tenant, as this process knows them. Where replicas share the account, a few
//! points more than needed are taken from Redis at a time and held here, so that most requests ask nobody.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::rate::{Count, Rate};

/// The part of a window's points that is held here at most, so that all replicas together are right to one point in a hundred.
const HELD_SHARE: u64 = 200;

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// One principal.
    Principal,
    /// One client of a tenant, by the name that it gives.
    Client,
    /// All of a tenant.
    Tenant,
}

impl Holder {
    /// Its name in keys, headers and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Client => "client",
            Self::Tenant => "tenant",
        }
    }
}

/// An account.
#[derive(Debug)]
pub struct Account {
    /// Whose it is.
    pub holder: Holder,
    /// Its name in Redis, among those of its tenant.
    pub name: String,
    /// The policy's name, as headers tell it.
    pub policy: String,
    /// Its points.
    pub rate: Rate,
    state: Mutex<State>,
}

/// What is known of an account.
#[derive(Debug)]
pub struct State {
    /// Taken from the shared account and not spent.
    pub held: u64,
    /// The shared account as it was told last; the account itself where nothing is shared.
    pub count: Count,
    /// Points were spent that Redis does not know of.
    pub was_alone: bool,
    /// Somebody asks for points to be held already.
    pub is_filling: bool,
    /// When Redis answered what is known, by its own clock: answers may come in another order than they were made.
    pub told_at: u64,
    /// So many points were refused, and will be until then.
    pub refused: Option<(u64, Instant)>,
}

impl Account {
    /// An account with all its points.
    pub fn new(holder: Holder, name: String, policy: String, rate: Rate, now: Instant) -> Self {
        let state =
            State {
                held: 0,
                count: Count::full(now),
                was_alone: false,
                is_filling: false,
                told_at: 0,
                refused: None,
            };
        Self { holder, name, policy, rate, state: Mutex::new(state) }
    }

    /// What is known of it. Held only for a few steps, never while anybody is waited for.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Most points that are held here beyond what is needed.
    pub fn held_max(&self) -> u64 {
        self.rate.points / HELD_SHARE
    }
}

impl State {
    /// Points that are left, as far as this process knows.
    pub fn left(&self, rate: Rate, now: Instant) -> u64 {
        self.held.saturating_add(self.count.left(rate, now)).min(rate.points)
    }

    /// Whether so many are known to be refused now: for how long.
    pub fn known_refusal(&self, points: u64, now: Instant) -> Option<Duration> {
        let (least, until) = self.refused?;
        let missing = points.saturating_sub(self.held);
        (missing >= least && until > now).then(|| until - now)
    }

    /// Remembers a refusal, so that those who ask for as much or more need not ask Redis.
    pub fn remember_refusal(&mut self, least: u64, wait: Duration, now: Instant) {
        let is_worth_more = self.refused.is_none_or(|(known, until)| until <= now || least <= known);
        if is_worth_more {
            self.refused = Some((least, now + wait));
        }
    }
}
