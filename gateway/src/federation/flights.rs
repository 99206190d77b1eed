//! `Flights`: equal questions of equal callers that meet are asked once. An outcome is a body, and for how many seconds it may be kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use super::execute::Trouble;

type Outcome = Result<(Bytes, u64), Trouble>;
type Flight = BoxFuture<'static, Outcome>;

/// What makes two questions one: to whom, the body, and who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FlightKey {
    /// The subgraph.
    pub service: String,
    /// The body.
    pub body: Bytes,
    /// Everything of the caller that the subgraph is told.
    pub caller: String,
}

/// Questions that are under way.
#[derive(Clone, Default)]
pub struct Flights(Arc<Mutex<HashMap<FlightKey, WeakShared<Flight>>>>);

impl Flights {
    /// The outcome of this question: of the one that is under way, where there is one. It goes on for as long as somebody waits.
    pub async fn join(&self, key: FlightKey, ask: impl FnOnce() -> Flight) -> Outcome {
        let flight: Shared<Flight> = {
            let mut flights = self.flights();
            match flights.get(&key).and_then(WeakShared::upgrade) {
                Some(flight) => {
                    metrics::counter!("weft_federation_coalesced_total").increment(1);
                    flight
                }
                None => {
                    let flight = ask().shared();
                    if let Some(weak) = flight.downgrade() {
                        flights.insert(key.clone(), weak);
                    }
                    flight
                }
            }
        };
        let waiting = Waiting { flights: self, key, flight: Some(flight.clone()) };
        let outcome = flight.await;
        drop(waiting);
        outcome
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
            let key = FlightKey { service: "a".into(), body: Bytes::from_static(b"{}"), caller: caller.to_owned() };
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
        let key = FlightKey { service: "a".into(), body: Bytes::from_static(b"{}"), caller: String::new() };
        let never = flights.join(key, || Box::pin(std::future::pending()));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(10), never).await.is_err());
        assert!(flights.flights().is_empty());
    }
}
