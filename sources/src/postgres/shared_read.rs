//! `SharedReads`: counts and facets that are under way. They take long over a large catalog and dashboards ask them all at once;
//! who asks what is being counted for somebody who sees the same waits for that answer.
//!
//! What this process has written since is in the key: who changed something here is not told a count from before. What another
//! replica or an import writes meanwhile may be missing from it, for as long as the one statement takes. When all who wait have
//! gone, the statement is given up.

use std::{
    collections::HashMap,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use schema::SourceKind;

use crate::SourceError;

type Answer<V> = Result<V, SourceError>;
type Running<V> = BoxFuture<'static, Answer<V>>;

/// Reads under way, by what they read. No more than fields of requests in progress.
pub(super) struct SharedReads<K, V>(Arc<Mutex<State<K, V>>>);

struct State<K, V> {
    flights: HashMap<K, (u64, WeakShared<Running<V>>)>,
    /// Of the read that began last.
    number: u64,
}

impl<K, V> Clone for SharedReads<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for SharedReads<K, V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { flights: HashMap::new(), number: 0 })))
    }
}

impl<K, V> SharedReads<K, V> {
    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> SharedReads<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Joins the read of this key, or begins it.
    pub(super) async fn join(&self, key: K, read: impl Future<Output = Answer<V>> + Send + 'static) -> Answer<V> {
        self.flight(key, read).await
    }

    fn flight(&self, key: K, read: impl Future<Output = Answer<V>> + Send + 'static) -> Shared<Running<V>> {
        let mut state = self.lock();
        if let Some(flight) = state.flights.get(&key).and_then(|(_, flight)| flight.upgrade()) {
            metrics::counter!("weft_shared_reads_joined_total").increment(1);
            return flight;
        }
        state.number += 1;
        let number = state.number;
        let end = End { reads: self.clone(), key: key.clone(), number };
        let flight = async move {
            // A panic would be one caller's, and the others would wait for ever.
            let answer = AssertUnwindSafe(read).catch_unwind().await;
            // Before anybody is told: who comes now begins anew.
            drop(end);
            answer.unwrap_or_else(|_| {
                tracing::error!("a shared read panicked");
                Err(SourceError::unavailable(SourceKind::Postgres, "the read was given up"))
            })
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            state.flights.insert(key, (number, weak));
        }
        flight
    }
}

/// Takes a read out of the list, however it ends.
struct End<K: Eq + Hash, V> {
    reads: SharedReads<K, V>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, V> Drop for End<K, V> {
    fn drop(&mut self) {
        let mut state = self.reads.lock();
        // Given up, and begun anew by somebody else meanwhile: that one is not ours.
        if state.flights.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            state.flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{channel::oneshot, poll};

    use super::*;

    async fn read(of: oneshot::Receiver<i64>) -> Answer<i64> {
        of.await.map_err(|_| SourceError::Invalid("cancelled".to_owned()))
    }

    #[tokio::test]
    async fn who_comes_while_it_is_under_way_joins_and_who_comes_later_does_not() {
        let reads = SharedReads::<&str, i64>::default();
        let (first, receiver) = oneshot::channel();
        let mut one = Box::pin(reads.join("a", read(receiver)));
        assert!(poll!(&mut one).is_pending());
        let mut two = Box::pin(reads.join("a", async { panic!("it joins") }));
        assert!(poll!(&mut two).is_pending());
        let other = reads.join("b", async { Ok(7) }).await;
        first.send(5).unwrap();
        assert_eq!((one.await.unwrap(), two.await.unwrap(), other.unwrap()), (5, 5, 7));
        assert_eq!(reads.join("a", async { Ok(6) }).await.unwrap(), 6);
        assert!(reads.lock().flights.is_empty());
    }

    #[tokio::test]
    async fn a_panic_is_an_error_for_everybody_who_waits() {
        let reads = SharedReads::<&str, i64>::default();
        let (sender, receiver) = oneshot::channel::<()>();
        let panics = async move {
            let _ = receiver.await;
            panic!("as a test")
        };
        let mut one = Box::pin(reads.join("a", panics));
        assert!(poll!(&mut one).is_pending());
        let mut two = Box::pin(reads.join("a", async { Ok(1) }));
        assert!(poll!(&mut two).is_pending());
        drop(sender);
        assert!(one.await.is_err() && two.await.is_err());
        assert_eq!(reads.join("a", async { Ok(6) }).await.unwrap(), 6);
    }

    #[tokio::test]
    async fn the_end_of_one_read_takes_no_other_out_of_the_list() {
        let reads = SharedReads::<&str, i64>::default();
        let gone = End { reads: reads.clone(), key: "a", number: 0 };
        let (_sender, receiver) = oneshot::channel();
        let mut one = Box::pin(reads.join("a", read(receiver)));
        assert!(poll!(&mut one).is_pending());
        drop(gone);
        assert!(!reads.lock().flights.is_empty());
    }

    #[tokio::test]
    async fn it_goes_on_for_who_is_left_and_is_given_up_when_nobody_is() {
        let reads = SharedReads::<&str, i64>::default();
        let (sender, receiver) = oneshot::channel();
        let mut one = Box::pin(reads.join("a", read(receiver)));
        let mut two = Box::pin(reads.join("a", async { panic!("it joins") }));
        assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending());
        drop(one);
        assert!(!sender.is_canceled() && poll!(&mut two).is_pending());
        drop(two);
        assert!(sender.is_canceled() && reads.lock().flights.is_empty());
    }
}
