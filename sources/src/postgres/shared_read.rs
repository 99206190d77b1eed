//! `SharedReads`: counts and facets that are under way. They take long over a large catalog and dashboards ask them all at once;
//! who asks what is being counted for somebody who sees the same waits for that answer.
//!
//! What this process has written since is in the key: nobody who changed something is told a count from before. When all who
//! wait have gone, the statement is given up.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

use crate::SourceError;

type Answer<V> = Result<V, SourceError>;
type Running<V> = BoxFuture<'static, Answer<V>>;

/// Reads under way, by what they read. There are no more than requests in progress.
pub(super) struct SharedReads<K, V>(Arc<Mutex<HashMap<K, WeakShared<Running<V>>>>>);

impl<K, V> Clone for SharedReads<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for SharedReads<K, V> {
    fn default() -> Self {
        Self(Arc::default())
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
        let mut running = self.lock();
        if let Some(flight) = running.get(&key).and_then(WeakShared::upgrade) {
            metrics::counter!("weft_shared_reads_joined_total").increment(1);
            return flight;
        }
        let end = End { reads: self.clone(), key: key.clone() };
        let flight = async move {
            let answer = read.await;
            // Before anybody is told: who comes now begins anew.
            drop(end);
            answer
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            running.insert(key, weak);
        }
        flight
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, WeakShared<Running<V>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a read out of the list, however it ends.
struct End<K: Eq + Hash, V> {
    reads: SharedReads<K, V>,
    key: K,
}

impl<K: Eq + Hash, V> Drop for End<K, V> {
    fn drop(&mut self) {
        self.reads.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
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
        assert!(reads.lock().is_empty());
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
        assert!(sender.is_canceled() && reads.lock().is_empty());
    }
}
