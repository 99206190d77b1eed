//! The level inside the process. It may lose anything at any time; it never answers with another key's entry.

use std::sync::Arc;

use moka::future::Cache;

use super::{Entry, Evictions, evictions::Generation};

/// The tags of a key: what an eviction names.
pub type TagsOf = fn(&str) -> Vec<String>;

/// Entries in memory.
pub(super) struct MemoryStore<V> {
    slots: Cache<String, Slot<V>>,
    evictions: Arc<Evictions>,
    tags_of: TagsOf,
}

struct Slot<V> {
    entry: Entry<V>,
    tags: Arc<[String]>,
    began: Generation,
}

impl<V> Clone for Slot<V> {
    fn clone(&self) -> Self {
        Self { entry: self.entry.clone(), tags: Arc::clone(&self.tags), began: self.began }
    }
}

impl<V: Send + Sync + 'static> MemoryStore<V> {
    /// A store of at most so many entries; beyond it the least used go first.
    pub(super) fn new(entries_max: u64, evictions: Arc<Evictions>, tags_of: TagsOf) -> Self {
        let slots = Cache::builder().max_capacity(entries_max);
        let slots = slots.eviction_listener(|_, slot: Slot<V>, _| slot.entry.life.end()).build();
        Self { slots, evictions, tags_of }
    }

    /// What is evicted.
    pub(super) fn evictions(&self) -> &Arc<Evictions> {
        &self.evictions
    }

    /// What is known of each key, in the order of the keys.
    pub(super) async fn get_many(&self, keys: &[String]) -> Vec<Option<Entry<V>>> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let slot = self.slots.get(key).await;
            found.push(slot.filter(|slot| self.evictions.spares(slot.began, &slot.tags)).map(|slot| slot.entry));
        }
        found
    }

    /// Keeps an entry that was begun to be read then.
    pub(super) async fn put(&self, key: &str, entry: Entry<V>, began: Generation) {
        let tags = (self.tags_of)(key).into();
        self.slots.insert(key.to_owned(), Slot { entry, tags, began }).await;
    }
}
