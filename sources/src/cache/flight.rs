//! Single flight: a key that is being fetched is awaited, never fetched twice. The fetch runs in a task of its own, so a caller
//! who leaves does not take it away from the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    FutureExt,
    channel::oneshot::{self, Sender},
    future::Shared,
};

use super::{Entry, Layer};
use crate::SourceError;

/// What a flight brings for one key.
pub(super) type Landing<V> = Result<Landed<V>, SourceError>;
/// A key in flight; every clone gets the same landing.
pub(super) type Awaited<V> = Shared<oneshot::Receiver<Arc<Landing<V>>>>;

/// An entry, and where it was.
pub(super) struct Landed<V> {
    pub(super) entry: Entry<V>,
    pub(super) layer: Layer,
}

/// The keys in flight. As many as callers wait for: bounded by the requests in progress and their pages.
pub(super) struct Flights<V> {
    keys: Mutex<HashMap<String, Awaited<V>>>,
}

/// The keys that one task has to fetch. Whatever it does not land, also by a panic, is told as cancelled.
pub(super) struct Departure<V> {
    flights: Arc<Flights<V>>,
    seats: HashMap<String, Sender<Arc<Landing<V>>>>,
}

impl<V> Flights<V> {
    pub(super) fn new() -> Self {
        Self { keys: Mutex::new(HashMap::new()) }
    }

    /// Joins the flight of each key. The keys that nobody fetches yet are the departure: the caller must fetch them.
    pub(super) fn join(self: &Arc<Self>, keys: &[String]) -> (Vec<(String, Awaited<V>)>, Departure<V>) {
        let mut seats = HashMap::new();
        let mut awaited = Vec::with_capacity(keys.len());
        let mut in_flight = self.lock();
        for key in keys {
            let flight = in_flight.entry(key.clone()).or_insert_with(|| {
                let (sender, receiver) = oneshot::channel();
                seats.insert(key.clone(), sender);
                receiver.shared()
            });
            awaited.push((key.clone(), flight.clone()));
        }
        drop(in_flight);
        (awaited, Departure { flights: Arc::clone(self), seats })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Awaited<V>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Departure<V> {
    /// The same keys, at most `batch_max` in each part. Sorted, so that replicas which need the same keys make the same parts.
    pub(super) fn split(mut self, batch_max: usize) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut seats: Vec<_> = self.seats.drain().collect();
        seats.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        while !seats.is_empty() {
            let rest = seats.split_off(batch_max.max(1).min(seats.len()));
            let part = std::mem::replace(&mut seats, rest);
            parts.push(Self { flights: Arc::clone(&self.flights), seats: part.into_iter().collect() });
        }
        parts
    }

    /// Takes these keys into a departure of their own.
    pub(super) fn part(&mut self, keys: &[String]) -> Self {
        let seats = keys.iter().filter_map(|key| self.seats.remove_entry(key)).collect();
        Self { flights: Arc::clone(&self.flights), seats }
    }

    /// Nobody waits any more.
    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// The keys to fetch.
    pub(super) fn keys(&self) -> Vec<String> {
        self.seats.keys().cloned().collect()
    }

    /// Tells everyone who waits for this key. Its entry must be in the store by now.
    pub(super) fn land(&mut self, key: &str, landing: Landing<V>) {
        if let Some(seat) = self.seats.remove(key) {
            self.flights.lock().remove(key);
            // Nobody may be waiting any more.
            let _ = seat.send(Arc::new(landing));
        }
    }
}

impl<V> Drop for Departure<V> {
    fn drop(&mut self) {
        let mut in_flight = self.flights.lock();
        for key in self.seats.keys() {
            in_flight.remove(key);
        }
    }
}
