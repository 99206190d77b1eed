//! `Flights`: equal questions of equal callers that meet are asked once. An outcome is a body, and for how many seconds it may be kept.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use ahash::RandomState;
use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use super::execute::Trouble;

type Outcome = Result<(Bytes, u64), Trouble>;
type Flight = BoxFuture<'static, Outcome>;

/// What makes two questions one: to whom, the body, who asks, and what must have happened before. Clones share it.
#[derive(Debug, Clone)]
pub struct FlightKey(Arc<Parts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Parts {
    service: String,
    body: Bytes,
    caller: String,
    after: Option<Bytes>,
    /// Of all before it. Bodies are long, and a map looks more than once.
    hash: u64,
}

/// Nobody knows it, so nobody can choose bodies that meet.
static HASHES: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl FlightKey {
    /// The question that `body` is to the subgraph `service`. `caller` is everything of the caller that it is told; `after` an event that
    /// must be over: what was asked before is not what is asked now.
    pub fn new(service: &str, body: Bytes, caller: String, after: Option<Bytes>) -> Self {
        let hash = HASHES.hash_one((service, &body, &caller, &after));
        Self(Arc::new(Parts { service: service.to_owned(), body, caller, after, hash }))
    }
}

impl Hash for FlightKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl PartialEq for FlightKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.0 == other.0)
    }
}

impl Eq for FlightKey {}

/// Questions that are under way.
#[derive(Clone, Default)]
pub struct Flights(Arc<Mutex<HashMap<FlightKey, WeakShared<Flight>>>>);

impl Flights {
    /// The outcome of this question: of the one that is under way, where there is one. It goes on for as long as somebody waits.
    pub async fn join(&self, key: FlightKey, ask: impl FnOnce() -> Flight) -> Outcome {
        let under_way = self.flights().get(&key).and_then(WeakShared::upgrade);
        let (flight, is_joined) = match under_way {
            Some(flight) => (flight, true),
            // Made without the lock. Another may have come first.
            None => self.begin(&key, ask().shared()),
        };
        if is_joined {
            metrics::counter!("weft_federation_coalesced_total").increment(1);
        }
        let waiting = Waiting { flights: self, key, flight: Some(flight.clone()) };
        let outcome = flight.await;
        drop(waiting);
        outcome
    }

    /// The flight that others join; whether it was there before.
    fn begin(&self, key: &FlightKey, new: Shared<Flight>) -> (Shared<Flight>, bool) {
        let mut flights = self.flights();
        if let Some(flight) = flights.get(key).and_then(WeakShared::upgrade) {
            return (flight, true);
        }
        if let Some(weak) = new.downgrade() {
            flights.insert(key.clone(), weak);
        }
        (new, false)
    }

    /// Something of this subgraph's has changed: nobody joins what was asked before.
    pub fn begin_anew(&self, service: &str) {
        self.flights().retain(|key, _| key.0.service != service);
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<FlightKey, WeakShared<Flight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits. Whoever is the last, because it is over or because nobody waits any more, forgets the flight.
struct Waiting<'a> {
    flights: &'a Flights,
    key: FlightKey,
    flight: Option<Shared<Flight>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.flight = None;
        let mut flights = self.flights.flights();
        // A later one with the same key may be under way already.
        let is_over = |flight: Shared<Flight>| flight.peek().is_some();
        if flights.get(&self.key).is_some_and(|flight| flight.upgrade().is_none_or(is_over)) {
            flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn equal_questions_that_meet_are_one_and_others_are_not() {
        let (flights, asked) = (Flights::default(), Arc::new(AtomicUsize::new(0)));
        let join = |caller: &str| {
            let key = FlightKey::new("a", Bytes::from_static(b"{}"), caller.to_owned(), None);
            let asked = Arc::clone(&asked);
            flights.join(key, move || {
                Box::pin(async move {
                    asked.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok((Bytes::from_static(b"[]"), 0))
                })
            })
        };
        let outcomes = tokio::join!(join("one"), join("one"), join("other"));
        assert!(outcomes.0.is_ok() && outcomes.0 == outcomes.1 && outcomes.1 == outcomes.2);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        // Over: the next asks anew, and nothing is kept of those before.
        assert!(join("one").await.is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 3);
        assert!(flights.flights().is_empty());
    }

    #[tokio::test]
    async fn nothing_is_kept_of_what_everybody_has_left() {
        let flights = Flights::default();
        let key = FlightKey::new("a", Bytes::from_static(b"{}"), String::new(), None);
        let never = flights.join(key, || Box::pin(std::future::pending()));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(10), never).await.is_err());
        assert!(flights.flights().is_empty());
    }

    #[tokio::test]
    async fn what_was_asked_before_a_change_is_joined_by_nobody_after_it() {
        let (flights, asked) = (Flights::default(), AtomicUsize::new(0));
        let ask = |service: &str, after| {
            let number = asked.fetch_add(1, Ordering::SeqCst) as u64;
            let key = FlightKey::new(service, Bytes::from_static(b"{}"), String::new(), after);
            flights.join(key, move || {
                Box::pin(async move {
                    tokio::task::yield_now().await;
                    Ok((Bytes::new(), number))
                })
            })
        };
        let change = async { flights.begin_anew("a") };
        let event = || Some(Bytes::from_static(b"event"));
        let (before, (), after, other, event, same) =
            tokio::join!(ask("a", None), change, ask("a", None), ask("b", None), ask("b", event()), ask("b", event()));
        let numbers = [before, after, other, event, same].map(|outcome| outcome.unwrap().1);
        assert_eq!(numbers, [0, 1, 2, 3, 3]);
        assert!(flights.flights().is_empty());
    }
}
