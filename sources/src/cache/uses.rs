//! `Uses`: which entries one request was served, so that something made of them can be kept exactly as long as they count.
//!
//! An entry counts no more when it is no longer fresh, when a newer one took its place or memory gave it up (both end its
//! `Life`), or when anything was evicted by tag since.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};

use super::{Evictions, evictions::Generation};

/// Whether an entry is still the one that memory has. Clones of an entry share it.
#[derive(Debug, Default)]
pub struct Life(AtomicBool);

impl Life {
    /// Memory has this entry no more.
    pub(super) fn end(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What one request was served so far. Clones belong to the same request.
#[derive(Debug, Clone, Default)]
pub struct Uses(Option<Arc<Mutex<Noted>>>);

#[derive(Debug)]
struct Noted {
    lives: Vec<Arc<Life>>,
    /// When the first of them ceases to be fresh.
    fresh_until: DateTime<Utc>,
    /// When the first read began.
    began: Option<(Arc<Evictions>, Generation)>,
    /// Something was not served, or evicted between two reads.
    is_spoilt: bool,
}

impl Uses {
    /// Notes what is served. The default notes nothing and costs nothing.
    pub fn noted() -> Self {
        let noted = Noted { lives: Vec::new(), fresh_until: DateTime::<Utc>::MAX_UTC, began: None, is_spoilt: false };
        Self(Some(Arc::new(Mutex::new(noted))))
    }

    /// Whether anything is noted.
    pub fn are_noted(&self) -> bool {
        self.0.is_some()
    }

    /// A read begins: before it looks anywhere.
    pub(super) fn begin(&self, evictions: &Arc<Evictions>) {
        self.change(|noted| {
            let now = evictions.generation();
            match &noted.began {
                None => noted.began = Some((Arc::clone(evictions), now)),
                Some((known, began)) => noted.is_spoilt |= *began != now || !Arc::ptr_eq(known, evictions),
            }
        });
    }

    /// This entry was served.
    pub(super) fn add(&self, life: &Arc<Life>, fresh_until: DateTime<Utc>) {
        self.change(|noted| {
            noted.fresh_until = noted.fresh_until.min(fresh_until);
            noted.lives.push(Arc::clone(life));
        });
    }

    /// Something was not served.
    pub(super) fn spoil(&self) {
        self.change(|noted| noted.is_spoilt = true);
    }

    /// What everything that was read so far rests on; none when nothing was read, or something failed, or is not fresh.
    pub fn basis(&self, now: DateTime<Utc>) -> Option<Basis> {
        let noted = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let (evictions, began) = noted.began.clone().filter(|_| !noted.is_spoilt)?;
        let mut seen = HashSet::with_capacity(noted.lives.len());
        let lives = noted.lives.iter().filter(|life| seen.insert(Arc::as_ptr(life))).cloned().collect();
        let basis = Basis { lives, fresh_until: noted.fresh_until, evictions, began };
        basis.holds(now).then_some(basis)
    }

    fn change(&self, change: impl FnOnce(&mut Noted)) {
        if let Some(noted) = &self.0 {
            change(&mut noted.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// What something made of cached values rests on.
#[derive(Debug)]
pub struct Basis {
    lives: Box<[Arc<Life>]>,
    fresh_until: DateTime<Utc>,
    evictions: Arc<Evictions>,
    began: Generation,
}

impl Basis {
    /// Whether the caches would serve the same now, all of it fresh.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        now < self.fresh_until
            && self.evictions.generation() == self.began
            && !self.lives.iter().any(|life| life.is_over())
    }

    /// How many entries it rests on.
    pub fn entries(&self) -> usize {
        self.lives.len()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn moment(seconds: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn one(evictions: &Arc<Evictions>) -> (Uses, Arc<Life>) {
        let (uses, life) = (Uses::noted(), Arc::new(Life::default()));
        uses.begin(evictions);
        uses.add(&life, moment(10));
        uses.add(&life, moment(20));
        (uses, life)
    }

    #[test]
    fn it_holds_until_the_first_entry_is_not_fresh_or_replaced_or_anything_is_evicted() {
        let evictions = Evictions::new();
        let (uses, life) = one(&evictions);
        assert!(uses.basis(moment(10)).is_none());
        let basis = uses.basis(moment(9)).unwrap();
        assert_eq!(basis.entries(), 1);
        assert!(basis.holds(moment(9)) && !basis.holds(moment(10)));
        evictions.evict(&["a".to_owned()]);
        assert!(!basis.holds(moment(9)));

        let (uses, other) = one(&evictions);
        let basis = uses.basis(moment(9)).unwrap();
        life.end();
        assert!(basis.holds(moment(9)));
        other.end();
        assert!(!basis.holds(moment(9)));
        assert!(uses.basis(moment(9)).is_none());
    }

    #[test]
    fn what_failed_or_was_evicted_meanwhile_is_no_basis() {
        let evictions = Evictions::new();
        let (uses, _) = one(&evictions);
        uses.spoil();
        assert!(uses.basis(moment(0)).is_none());

        let (uses, _) = one(&evictions);
        evictions.evict_all();
        uses.begin(&evictions);
        assert!(uses.basis(moment(0)).is_none());

        assert!(Uses::noted().basis(moment(0)).is_none());
        let (off, life) = (Uses::default(), Arc::new(Life::default()));
        off.begin(&evictions);
        off.add(&life, moment(10));
        assert!(off.basis(moment(0)).is_none());
    }
}
