//! Documents that clients taught by their hash, as automatic persisted queries do: in the memory of the process, within a bound,
//! and in Redis, where replicas share them. Another schema has other documents, because only valid ones are kept.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use sources::{cache::Patience, redis::Redis};

use super::sha256;
use crate::config::ApqConfig;

/// What a document takes besides its text: the hash, and what the cache keeps with it. In bytes.
const ENTRY_BYTES: usize = 200;

pub(super) struct Automatic {
    kept: Cache<String, Arc<str>>,
    redis: Option<Redis>,
    /// Names the version of the schema.
    schema: String,
    life: Duration,
}

impl Automatic {
    pub(super) fn new(config: &ApqConfig, schema: &str, redis: Option<Redis>) -> Self {
        let weigh = |_: &String, text: &Arc<str>| u32::try_from(text.len() + ENTRY_BYTES).unwrap_or(u32::MAX);
        let kept = Cache::builder().max_capacity(config.cache.as_u64()).weigher(weigh).build();
        Self { kept, redis, schema: schema.to_owned(), life: config.ttl }
    }

    /// The document with this hash, in small letters. Where Redis is away only the own memory counts.
    pub(super) async fn get(&self, hash: &str, patience: &Patience) -> Option<Arc<str>> {
        if let Some(text) = self.kept.get(hash) {
            return Some(text);
        }
        let text = self.redis.as_ref()?.document(&self.schema, hash, patience).await?;
        // Whoever writes to Redis could put another document under a hash that clients rely on.
        if sha256(&text) != hash {
            return None;
        }
        let text: Arc<str> = text.into();
        self.kept.insert(hash.to_owned(), Arc::clone(&text));
        Some(text)
    }

    /// Keeps a valid document. Redis is told each time: a text comes with its hash only when a replica did not know it.
    pub(super) async fn keep(&self, hash: &str, text: &str, patience: &Patience) {
        self.kept.insert(hash.to_owned(), text.into());
        if let Some(redis) = &self.redis {
            redis.keep_document(&self.schema, hash, text, self.life, patience).await;
        }
    }
}
