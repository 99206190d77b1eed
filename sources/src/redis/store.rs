//! `RedisStore`: the shared level of one cache. A look is one `MGET` of entries, leases and versions of tags, or of
//! versions alone, which a cluster's client sends to each node at once.

use std::{collections::HashMap, marker::PhantomData, time::Duration};

use async_trait::async_trait;
use futures::future::try_join_all;
use redis::{Cmd, cmd};
use serde::{Serialize, de::DeserializeOwned};

use super::{Namespace, Redis, link::Link, stored};
use crate::cache::{Kept, Known, Patience, SharedStore, Stamp, TagsOf, Wanted};

const LEASE: &str = include_str!("lease.lua");
const RELEASE: &str = include_str!("release.lua");

/// Entries of one namespace in Redis.
pub struct RedisStore<V> {
    redis: Redis,
    namespace: Namespace,
    tags_of: TagsOf,
    values: PhantomData<fn() -> V>,
}

impl<V> RedisStore<V> {
    /// The entries of this namespace.
    pub fn new(redis: Redis, namespace: Namespace, tags_of: TagsOf) -> Self {
        Self { redis, namespace, tags_of, values: PhantomData }
    }

    fn script(&self, text: &str, keys: &[String], token: &str) -> Cmd {
        let mut command = cmd("EVAL");
        command.arg(text).arg(keys.len());
        for key in keys {
            command.arg(self.redis.0.keys.lease(&self.namespace, key));
        }
        command.arg(token);
        command
    }
}

#[async_trait]
impl<V: Serialize + DeserializeOwned + Send + Sync + 'static> SharedStore<V> for RedisStore<V> {
    async fn look(&self, keys: &[String], wanted: Wanted, patience: &Patience) -> Option<Vec<Known<V>>> {
        let names = &self.redis.0.keys;
        let tags: Vec<Vec<String>> = keys.iter().map(|key| (self.tags_of)(key)).collect();
        if wanted == Wanted::Stamps && tags.iter().all(Vec::is_empty) {
            let unknown = |_| Known { entry: None, stamp: Stamp::default(), is_leased: false, is_too_large: false };
            return Some(keys.iter().map(unknown).collect());
        }
        let with_entries = if wanted == Wanted::Entries { keys } else { &[] };
        let mut command = cmd("MGET");
        for key in with_entries {
            command.arg(names.entry(&self.namespace, key)).arg(names.lease(&self.namespace, key));
        }
        for tag in tags.iter().flatten() {
            command.arg(names.tag(tag));
        }
        type Values = Vec<Option<Vec<u8>>>;
        let run = self.redis.run("look", patience, async |mut link| link.query::<Values>(&command).await);
        let mut values = run.await?.into_iter();
        let mut pairs: Vec<_> =
            with_entries.iter().map(|_| (values.next().flatten(), values.next().flatten())).collect();
        pairs.resize(keys.len(), (None, None));
        let versions: HashMap<&String, Option<String>> = tags
            .iter()
            .flatten()
            .zip(values.map(|value| value.map(|version| String::from_utf8_lossy(&version).into_owned())))
            .collect();
        let now = self.redis.0.clock.now();
        let known = keys.iter().zip(&tags).zip(pairs).map(|((key, tags), (bytes, lease))| {
            let version = |tag: &String| (tag.clone(), versions.get(tag).cloned().flatten());
            let stamp = Stamp(tags.iter().map(version).collect());
            let is_too_large = bytes.as_deref() == Some(stored::TOO_LARGE);
            let entry = bytes.and_then(|bytes| stored::decode(&bytes, key, now, &stamp));
            Known { entry, stamp, is_leased: lease.is_some(), is_too_large }
        });
        Some(known.collect())
    }

    async fn lease(&self, keys: &[String], token: &str, life: Duration, patience: &Patience) -> Option<Vec<bool>> {
        let mut command = self.script(LEASE, keys, token);
        command.arg(u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1));
        let won = self.redis.run("lease", patience, async |mut link| link.query::<Vec<i64>>(&command).await).await?;
        Some(won.into_iter().map(|won| won == 1).collect())
    }

    async fn settle(&self, entries: Vec<Kept<V>>, keys: &[String], token: Option<&str>) {
        let config = &self.redis.0.config;
        let now = self.redis.0.clock.now();
        let bytes_max = usize::try_from(config.entry_bytes_max.as_u64()).unwrap_or(usize::MAX);
        let command = |Kept { key, entry, stamp }: Kept<V>| {
            let life = (entry.stale_until - now).to_std().ok()?.min(config.retention_max).as_millis();
            let life = u64::try_from(life).ok().filter(|life| *life > 0)?;
            let bytes = stored::encode(&key, &entry, stamp, bytes_max)?;
            let mut command = cmd("SET");
            command.arg(self.redis.0.keys.entry(&self.namespace, &key)).arg(bytes).arg("PX").arg(life);
            Some(command)
        };
        let mut commands: Vec<Cmd> = Vec::with_capacity(entries.len());
        for entry in entries {
            commands.extend(command(entry));
            // Entries can be large, and nobody waits for them: whoever answers somebody goes first.
            tokio::task::yield_now().await;
        }
        if !commands.is_empty() {
            // Sent at once and not as one pipeline, which could go to one node of a cluster only.
            let keep = async |link: Link| {
                try_join_all(commands.iter().map(|command| {
                    let mut link = link.clone();
                    async move { link.query::<()>(command).await }
                }))
                .await
            };
            // What is not kept is fetched again.
            let _ = self.redis.run("keep", &Patience::new(), keep).await;
        }
        if let Some(token) = token {
            let command = self.script(RELEASE, keys, token);
            // A lease that is not given back ends by itself.
            let _ =
                self.redis.run("release", &Patience::new(), async |mut link| link.query::<()>(&command).await).await;
        }
    }

    async fn evict(&self, tags: &[String]) {
        self.redis.evict(tags).await;
    }
}
