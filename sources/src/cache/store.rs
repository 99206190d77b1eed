//! Where entries are kept. A store may lose anything at any time; it must never answer with another key's entry.

use async_trait::async_trait;
use moka::future::Cache;

use super::Entry;

/// A level of the cache.
#[async_trait]
pub trait EntryStore<V>: Send + Sync {
    /// What is known of each key, in the order of the keys.
    async fn get_many(&self, keys: &[String]) -> Vec<Option<Entry<V>>>;

    /// Keeps these entries.
    async fn put_many(&self, entries: &[(String, Entry<V>)]);
}

/// The level inside the process.
pub struct MemoryStore<V> {
    entries: Cache<String, Entry<V>>,
}

impl<V: Send + Sync + 'static> MemoryStore<V> {
    /// A store of at most so many entries; beyond it the least used go first.
    pub fn new(entries_max: u64) -> Self {
        Self { entries: Cache::new(entries_max) }
    }
}

#[async_trait]
impl<V: Send + Sync + 'static> EntryStore<V> for MemoryStore<V>
where
    Entry<V>: Clone,
{
    async fn get_many(&self, keys: &[String]) -> Vec<Option<Entry<V>>> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(self.entries.get(key).await);
        }
        found
    }

    async fn put_many(&self, entries: &[(String, Entry<V>)]) {
        for (key, entry) in entries {
            self.entries.insert(key.clone(), entry.clone()).await;
        }
    }
}
