//! `Flight`: an answer on its way. Who asks the same meanwhile waits for it instead of asking again.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::watch, time::Instant};

use super::{Kept, Key, ResponseCache, count, versions::Stamp};
use crate::prepare::Keeping;

/// What those who wait are told.
#[derive(Clone)]
enum Told {
    /// Nothing yet.
    Wait,
    /// Here it is.
    Kept(Arc<Kept>),
    /// It is not for others.
    Alone,
    /// There was no room to make it.
    Overloaded,
}

/// A place to wait at.
pub(super) struct Waiting(watch::Receiver<Told>);

/// What came of asking for an answer.
pub enum Found<'a> {
    /// It is there.
    Kept(Arc<Kept>),
    /// Nobody else makes it: the caller does, for all who come meanwhile.
    Lead(Flight<'a>),
    /// It cannot be kept or shared: the caller makes it for itself.
    Alone,
    /// There was no room to make it.
    Overloaded,
}

/// The right to make an answer. Whoever drops it without a word leaves it to the next.
pub struct Flight<'a> {
    cache: &'a ResponseCache,
    key: Key,
    stamp: Stamp,
    begun: Instant,
    teller: watch::Sender<Told>,
}

impl ResponseCache {
    /// The answer, or the right to make it. Waits for another who makes it, at most this long.
    pub async fn join(&self, key: Key, tenant: &str, patience: Duration) -> Found<'_> {
        let arrived_at = Instant::now();
        let deadline = arrived_at + patience;
        let Some(arrived) = self.versions.stamp(tenant, arrived_at) else { return Found::Alone };
        loop {
            // Before anything is read: what changes from here on ends the answer.
            let Some(stamp) = self.versions.stamp(tenant, Instant::now()) else { return Found::Alone };
            let mut waiting = {
                let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
                match flights.get(&key) {
                    Some(Waiting(waiting)) => waiting.clone(),
                    None => {
                        let (teller, waiting) = watch::channel(Told::Wait);
                        flights.insert(key, Waiting(waiting));
                        count("miss");
                        return Found::Lead(Flight { cache: self, key, stamp, begun: Instant::now(), teller });
                    }
                }
            };
            let told = tokio::time::timeout_at(deadline, waiting.wait_for(|told| !matches!(told, Told::Wait))).await;
            match told.map(|told| told.map(|told| told.clone())) {
                // It has all that this caller can know of: what had changed when it came. Later changes end it for later ones.
                Ok(Ok(Told::Kept(kept))) => {
                    if kept.is_no_older_than(&arrived) {
                        count("coalesced");
                        return Found::Kept(kept);
                    }
                }
                Ok(Ok(Told::Overloaded)) => return Found::Overloaded,
                Ok(Ok(Told::Alone)) | Err(_) => return Found::Alone,
                // Whoever made it has gone.
                Ok(Ok(Told::Wait) | Err(_)) => {}
            }
        }
    }
}

impl Flight<'_> {
    /// Keeps the answer and gives it to all who wait.
    pub fn keep(self, body: Bytes, max_age: Duration, keeping: Keeping) -> Arc<Kept> {
        let kept = Arc::new(Kept::new(body, max_age, keeping, (self.stamp, self.begun)));
        if u64::from(kept.weight()) <= self.cache.answer_bytes_max {
            self.cache.entries.insert(self.key, Arc::clone(&kept));
        } else {
            count("too_large");
        }
        self.teller.send_replace(Told::Kept(Arc::clone(&kept)));
        kept
    }

    /// There was no room to make the answer.
    pub fn overloaded(self) {
        self.teller.send_replace(Told::Overloaded);
    }

    /// The answer is not for others, such as one with errors.
    pub fn give_up(self) {
        count("not_kept");
        self.teller.send_replace(Told::Alone);
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.cache.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use resolvers::cache_control::Domain;
    use schema::Visibility;
    use serde_json::Map;

    use super::super::Eyes;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn key(name: &str) -> Key {
        let who = Visibility {
            tenant: "a".to_owned(),
            subject: "s".to_owned(),
            user: None,
            teams: Vec::new(),
            scopes: Default::default(),
        };
        Key::new(name, None, &Map::new(), &Eyes::of(&who))
    }

    fn keeping() -> Keeping {
        Keeping::of_catalog(60)
    }

    fn cache() -> ResponseCache {
        let cache = ResponseCache::new(80_000);
        cache.versions.heard(Instant::now(), LONG);
        cache
    }

    fn get(cache: &ResponseCache) -> Option<Arc<Kept>> {
        cache.get(&key("x"), "a", Instant::now())
    }

    async fn lead<'a>(cache: &'a ResponseCache, name: &str) -> Flight<'a> {
        match cache.join(key(name), "a", LONG).await {
            Found::Lead(flight) => flight,
            _ => panic!("somebody else makes it"),
        }
    }

    #[tokio::test]
    async fn who_comes_meanwhile_waits_for_the_first_and_later_ones_find_it() {
        let cache = cache();
        let flight = lead(&cache, "x").await;
        let waiting = cache.join(key("x"), "a", LONG);
        tokio::pin!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
        flight.keep(Bytes::from_static(b"{}"), LONG, keeping());
        assert!(matches!(waiting.await, Found::Kept(_)));
        assert!(get(&cache).is_some());
        let later = Instant::now() + LONG;
        cache.versions.heard(later, LONG);
        assert!(cache.get(&key("x"), "a", later).is_none(), "it is too old");
    }

    #[tokio::test]
    async fn what_changed_while_an_answer_was_made_ends_it() {
        let cache = cache();
        let flight = lead(&cache, "x").await;
        cache.versions.raise("a", Domain::Catalog);
        flight.keep(Bytes::from_static(b"{}"), LONG, keeping());
        assert!(get(&cache).is_none());
        let flight = lead(&cache, "x").await;
        cache.versions.raise("a", Domain::Cost);
        flight.keep(Bytes::from_static(b"{}"), LONG, keeping());
        assert!(get(&cache).is_some(), "it does not rest on cost");
        cache.versions.raise_all();
        assert!(get(&cache).is_none(), "nobody listens");
        assert!(matches!(cache.join(key("x"), "a", LONG).await, Found::Alone));
    }

    #[tokio::test]
    async fn one_who_goes_leaves_it_to_the_next_and_a_failure_is_not_shared() {
        let cache = cache();
        let flight = lead(&cache, "x").await;
        let waiting = cache.join(key("x"), "a", LONG);
        tokio::pin!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(flight);
        let Found::Lead(second) = waiting.await else { panic!("nobody makes it") };
        let waiting = cache.join(key("x"), "a", LONG);
        tokio::pin!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
        second.give_up();
        assert!(matches!(waiting.await, Found::Alone));
        assert!(cache.flights.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_answer_too_large_for_the_room_goes_to_those_who_wait_and_is_not_kept() {
        let cache = cache();
        lead(&cache, "x").await.keep(Bytes::from(vec![b' '; 20_000]), LONG, keeping());
        assert!(get(&cache).is_none());
        for number in 0..100 {
            lead(&cache, &number.to_string()).await.keep(Bytes::from(vec![b' '; 5_000]), LONG, keeping());
        }
        cache.entries.run_pending_tasks();
        assert!(cache.entries.weighted_size() <= 80_000, "{}", cache.entries.weighted_size());
    }
}
