//! One flight from its departure to its landing: what memory or the shared level has by now, else the lease, else the upstream.
//! Nobody but the flight itself waits for the lease to be given back or for Redis to keep what was fetched.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout},
};

use super::{
    Entry, Generation, Kept, Layer, Patience, SourceCache, Stamp, Wanted,
    flight::{Departure, Landed},
};
use crate::SourceError;

/// Waits between looks while another replica fetches: doubled from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(50));

/// Why a flight departs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Memory had nothing: anything usable will do.
    Miss,
    /// Memory had something old: only something fresh will do.
    Refresh,
    /// The upstream must be asked.
    Bypass,
    /// Somebody wants nothing that was asked for before this moment.
    Since(DateTime<Utc>),
}

impl Purpose {
    /// Whether this entry will do, from the shared level.
    fn serves<V>(self, entry: &Entry<V>, now: DateTime<Utc>) -> bool {
        match self {
            Self::Miss => entry.is_usable(now),
            Self::Refresh => entry.is_fresh(now),
            Self::Bypass => false,
            Self::Since(moment) => entry.is_usable(now) && entry.fetched_at >= moment,
        }
    }
}

/// A flight.
pub(super) struct Journey<V> {
    cache: SourceCache<V>,
    purpose: Purpose,
    patience: Patience,
    /// Names this flight's leases.
    token: String,
}

/// What is to be fetched, and with what it is kept.
struct Order {
    began: Generation,
    stamps: HashMap<String, Stamp>,
    is_leased: bool,
}

/// What is still open after a look.
struct Open {
    key: String,
    is_leased: bool,
    is_too_large: bool,
}

impl<V: Send + Sync + 'static> Journey<V> {
    pub(super) fn new(cache: SourceCache<V>, purpose: Purpose, patience: Patience) -> Self {
        Self { cache, purpose, patience, token: format!("{:032x}", rand::random::<u128>()) }
    }

    /// Brings every key of the departure to its landing.
    pub(super) async fn travel(self, mut departure: Departure<V>) {
        let wait_max = self.cache.inner().wait_max;
        let deadline = Instant::now() + wait_max;
        let (mut pause, mut patience) = (PAUSES.0, self.patience.clone());
        self.land_from_memory(&mut departure).await;
        while !departure.is_empty() {
            let began = self.cache.inner().memory.evictions().generation();
            let alone = |stamps| Order { began, stamps, is_leased: false };
            let mut stamps = HashMap::new();
            let Some(open) = self.look(&mut departure, began, &mut stamps, &patience).await else {
                return self.fetch(departure, alone(stamps)).await;
            };
            if departure.is_empty() {
                return;
            }
            if self.purpose == Purpose::Bypass {
                return self.fetch(departure, alone(stamps)).await;
            }
            let (too_large, open): (Vec<Open>, Vec<Open>) = open.into_iter().partition(|open| open.is_too_large);
            let too_large: Vec<String> = too_large.into_iter().map(|open| open.key).collect();
            let (part, stamps_of_part) = (departure.part(&too_large), stamps_of(&too_large, &mut stamps));
            if departure.is_empty() {
                return self.fetch(part, alone(stamps_of_part)).await;
            }
            if !part.is_empty() {
                tokio::spawn(self.sibling().fetch(part, alone(stamps_of_part)));
            }
            let Some(won) = self.lease(&open, &patience).await else {
                return self.fetch(departure, alone(stamps)).await;
            };
            let part = departure.part(&won);
            let order = Order { began, stamps, is_leased: true };
            if departure.is_empty() {
                return self.fetch(part, order).await;
            }
            if !part.is_empty() {
                tokio::spawn(self.sibling().fetch(part, order));
            }
            if Instant::now() + pause >= deadline {
                let error = SourceError::Timeout { upstream: self.cache.inner().upstream, limit: wait_max };
                departure.keys().iter().for_each(|key| departure.land(key, Err(error.clone())));
                return;
            }
            sleep(pause).await;
            // A look that is answered costs nothing now: without Redis this time would be spent on the upstream.
            (pause, patience) = ((pause * 2).min(PAUSES.1), self.patience.free());
        }
    }

    /// Another flight may have landed between the caller's look and its joining.
    async fn land_from_memory(&self, departure: &mut Departure<V>) {
        if self.purpose == Purpose::Bypass {
            return;
        }
        let inner = self.cache.inner();
        let keys = departure.keys();
        let now = inner.clock.now();
        for (key, entry) in keys.iter().zip(inner.memory.get_many(&keys).await) {
            let serves = |entry: &Entry<V>| match self.purpose {
                Purpose::Since(_) => self.purpose.serves(entry, now),
                _ => entry.is_fresh(now),
            };
            if let Some(entry) = entry.filter(serves) {
                departure.land(key, Ok(Landed { entry, layer: Layer::Memory }));
            }
        }
    }

    /// Lands what the shared level has. None when there is no such level, or none just now.
    async fn look(
        &self,
        departure: &mut Departure<V>,
        began: Generation,
        stamps: &mut HashMap<String, Stamp>,
        patience: &Patience,
    ) -> Option<Vec<Open>> {
        let inner = self.cache.inner();
        let keys = departure.keys();
        let wanted = if self.purpose == Purpose::Bypass { Wanted::Stamps } else { Wanted::Entries };
        let known = inner.shared.as_ref()?.look(&keys, wanted, patience).await?;
        let now = inner.clock.now();
        let (mut open, mut refresh) = (Vec::new(), Vec::new());
        for (key, known) in keys.into_iter().zip(known) {
            if let Some(entry) = known.entry.filter(|entry| self.purpose.serves(entry, now)) {
                inner.memory.put(&key, entry.clone(), began).await;
                let is_fresh = entry.is_fresh(now);
                departure.land(&key, Ok(Landed { entry, layer: Layer::Shared }));
                if !is_fresh {
                    refresh.push(key);
                }
            } else {
                stamps.insert(key.clone(), known.stamp);
                open.push(Open { key, is_leased: known.is_leased, is_too_large: known.is_too_large });
            }
        }
        self.cache.refresh(&refresh);
        Some(open)
    }

    /// Takes the leases that nobody has. None when the shared level is away.
    async fn lease(&self, open: &[Open], patience: &Patience) -> Option<Vec<String>> {
        let free: Vec<String> = open.iter().filter(|open| !open.is_leased).map(|open| open.key.clone()).collect();
        if free.is_empty() {
            return Some(Vec::new());
        }
        let inner = self.cache.inner();
        // Half the wait: when the holder died, those who wait have the other half for a fetch of their own.
        let won = inner.shared.as_ref()?.lease(&free, &self.token, inner.wait_max / 2, patience).await?;
        Some(free.into_iter().zip(won).filter_map(|(key, is_won)| is_won.then_some(key)).collect())
    }

    async fn fetch(self, mut departure: Departure<V>, order: Order) {
        let inner = self.cache.inner();
        let Order { began, mut stamps, is_leased } = order;
        let keys = departure.keys();
        let mut kept = Vec::new();
        // An answer is as old as its question: the upstream may have looked long before it answered.
        let asked_at = inner.clock.now();
        let timed_out = SourceError::Timeout { upstream: inner.upstream, limit: inner.wait_max };
        match timeout(inner.wait_max, (inner.fetch)(keys.clone())).await.unwrap_or(Err(timed_out)) {
            Ok(mut batch) => {
                for key in &keys {
                    if let Some(error) = batch.failures.remove(key) {
                        departure.land(key, Err(error));
                        continue;
                    }
                    let entry = Entry::new(batch.values.remove(key), asked_at, &inner.lives);
                    // First kept, then told: whoever comes after the landing finds it.
                    inner.memory.put(key, entry.clone(), began).await;
                    departure.land(key, Ok(Landed { entry: entry.clone(), layer: Layer::Source }));
                    kept.extend(stamps.remove(key).map(|stamp| Kept { key: key.clone(), entry, stamp }));
                }
            }
            Err(error) => keys.iter().for_each(|key| departure.land(key, Err(error.clone()))),
        }
        if let Some(shared) = &inner.shared {
            // Who waited for the landing goes on first.
            yield_now().await;
            shared.settle(kept, &keys, is_leased.then_some(&self.token)).await;
        }
    }

    /// The same flight, for a part of its keys.
    fn sibling(&self) -> Self {
        Self {
            cache: self.cache.clone(),
            purpose: self.purpose,
            patience: self.patience.clone(),
            token: self.token.clone(),
        }
    }
}

/// Takes out the stamps of these keys.
fn stamps_of(keys: &[String], stamps: &mut HashMap<String, Stamp>) -> HashMap<String, Stamp> {
    keys.iter().filter_map(|key| stamps.remove_entry(key)).collect()
}
