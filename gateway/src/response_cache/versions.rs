//! `Versions`: what an answer rested on when it was made. Every change of a tenant's domain raises a number; an answer whose numbers are
//! not those of now is never given out. Nothing has to be sought and removed.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ahash::RandomState;
use resolvers::cache_control::Domain;
use tokio::time::Instant;

/// Most tenants that are told apart; beyond it all begin anew.
const TENANTS_MAX: usize = 10_000;
const DOMAINS: usize = Domain::ALL.len();

/// The numbers of all tenants.
pub struct Versions {
    tenants: RwLock<HashMap<Arc<str>, Arc<[AtomicU64; DOMAINS]>, RandomState>>,
    /// Raised when nobody knows what was missed.
    epoch: AtomicU64,
    /// Until when it is sure that changes are heard of, in milliseconds since `begin`; zero: it is not.
    sure_until: AtomicU64,
    begin: Instant,
}

/// The numbers of one tenant at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    epoch: u64,
    numbers: [u64; DOMAINS],
}

impl Versions {
    /// Nothing is sure yet.
    pub(super) fn new() -> Self {
        Self {
            tenants: RwLock::default(),
            epoch: AtomicU64::new(0),
            sure_until: AtomicU64::new(0),
            begin: Instant::now(),
        }
    }

    /// The numbers at this moment; none while changes may be missed.
    pub fn stamp(&self, tenant: &str, now: Instant) -> Option<Stamp> {
        if self.millis(now) >= self.sure_until.load(Ordering::Acquire) {
            return None;
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let numbers = tenants.get(tenant).map(|numbers| read(numbers)).unwrap_or_default();
        Some(Stamp { epoch, numbers })
    }

    /// Something of the tenant changed.
    pub fn raise(&self, tenant: &str, domain: Domain) {
        let numbers = self.of(tenant);
        if let Some(number) = numbers.get(domain.index()) {
            number.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Changes may have been missed: nothing counts that was made before.
    pub fn raise_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.sure_until.store(0, Ordering::Release);
    }

    /// Everything that was committed until `asked_at` has been heard of: what was made counts this much longer.
    pub fn heard(&self, asked_at: Instant, sure_for: Duration) {
        self.sure_until.store(self.millis(asked_at + sure_for), Ordering::Release);
    }

    fn of(&self, tenant: &str) -> Arc<[AtomicU64; DOMAINS]> {
        if let Some(known) = self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(tenant) {
            return Arc::clone(known);
        }
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= TENANTS_MAX && !tenants.contains_key(tenant) {
            tenants.clear();
            self.epoch.fetch_add(1, Ordering::AcqRel);
        }
        Arc::clone(tenants.entry(tenant.into()).or_default())
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.begin).as_millis()).unwrap_or(u64::MAX)
    }
}

fn read(numbers: &[AtomicU64; DOMAINS]) -> [u64; DOMAINS] {
    std::array::from_fn(|at| numbers.get(at).map_or(0, |number| number.load(Ordering::Acquire)))
}

impl Stamp {
    /// Whether no change is missing that the other knows of, of what such an answer rests on.
    pub fn is_no_older_than(&self, other: &Self, rests_on: impl Fn(Domain) -> bool) -> bool {
        let knows = |domain: Domain| self.numbers.get(domain.index()) >= other.numbers.get(domain.index());
        let knows_all = Domain::ALL.into_iter().all(|domain| !rests_on(domain) || knows(domain));
        self.epoch > other.epoch || self.epoch == other.epoch && knows_all
    }

    /// Whether everything that such an answer rests on is as it was.
    pub fn agrees(&self, now: &Self, rests_on: impl Fn(Domain) -> bool) -> bool {
        let same = |domain: Domain| self.numbers.get(domain.index()) == now.numbers.get(domain.index());
        self.epoch == now.epoch && Domain::ALL.into_iter().all(|domain| !rests_on(domain) || same(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_change_ends_what_rests_on_it_and_nothing_else() {
        let versions = Versions::new();
        assert_eq!(versions.stamp("a", Instant::now()), None, "nobody listens yet");
        versions.heard(Instant::now(), LONG);
        let (a, b) = (versions.stamp("a", Instant::now()).unwrap(), versions.stamp("b", Instant::now()).unwrap());
        versions.raise("a", Domain::Deployments);
        let now = versions.stamp("a", Instant::now()).unwrap();
        assert!(!a.agrees(&now, |_| true) && a.agrees(&now, |domain| domain != Domain::Deployments));
        assert!(b.agrees(&versions.stamp("b", Instant::now()).unwrap(), |_| true));
        versions.raise_all();
        assert_eq!(versions.stamp("b", Instant::now()), None, "changes may be missed");
        versions.heard(Instant::now(), LONG);
        assert!(!b.agrees(&versions.stamp("b", Instant::now()).unwrap(), |_| false), "something may have been missed");
    }

    #[test]
    fn tenants_without_end_are_forgotten_and_nothing_of_them_counts() {
        let versions = Versions::new();
        versions.heard(Instant::now(), LONG);
        versions.raise("first", Domain::Cost);
        let first = versions.stamp("first", Instant::now()).unwrap();
        for number in 0..TENANTS_MAX {
            versions.raise(&number.to_string(), Domain::Cost);
        }
        assert!(versions.tenants.read().unwrap().len() <= TENANTS_MAX);
        assert!(!first.agrees(&versions.stamp("first", Instant::now()).unwrap(), |_| false));
    }

    #[test]
    fn what_is_heard_counts_for_a_while() {
        let (versions, now) = (Versions::new(), Instant::now());
        versions.heard(now, Duration::from_secs(1));
        assert!(versions.stamp("a", now).is_some());
        assert_eq!(versions.stamp("a", now + Duration::from_secs(2)), None);
    }
}
