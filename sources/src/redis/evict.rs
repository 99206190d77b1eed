//! Evictions by tag: a tag gets a new version, and every entry that was kept with the old one is absent from then on. So nothing
//! has to be found or deleted, and a fetch that began before the eviction cannot bring the old answer back.

use std::sync::PoisonError;

use futures::future::try_join_all;
use redis::cmd;

use super::{Redis, link::Link};
use crate::cache::Patience;

/// Most tags that wait for Redis to come back; what is beyond lives until it is stale.
const UNTOLD_MAX: usize = 10_000;

impl Redis {
    /// Evicts these tags in Redis and tells the other replicas. What cannot be told now is told when Redis is back.
    pub(super) async fn evict(&self, tags: &[String]) {
        let tell = async |link: Link| {
            let (keys, version) = (&self.0.keys, format!("{:032x}", rand::random::<u128>()));
            // As long as any entry lives, and longer by the clocks' difference.
            let life = u64::try_from(self.0.config.retention_max.as_millis()).unwrap_or(u64::MAX / 4) + 60_000;
            try_join_all(tags.iter().map(|tag| {
                let (mut link, mut command) = (link.clone(), cmd("SET"));
                command.arg(keys.tag(tag)).arg(&version).arg("PX").arg(life);
                async move { link.query::<()>(&command).await }
            }))
            .await?;
            // Last, so that nobody who hears it finds the old version.
            let message = serde_json::json!([self.0.id, tags]).to_string();
            link.clone().query::<()>(cmd("PUBLISH").arg(keys.channel()).arg(message)).await
        };
        if self.run("evict", &Patience::new(), tell).await.is_none() {
            let mut untold = self.0.untold.lock().unwrap_or_else(PoisonError::into_inner);
            if untold.len() + tags.len() > UNTOLD_MAX {
                tracing::warn!("too many evictions wait for Redis: its entries count until they are stale");
                return;
            }
            untold.extend(tags.iter().cloned());
        }
    }

    /// Tells what could not be told while Redis was away.
    pub(super) async fn tell_untold(&self) {
        let untold = std::mem::take(&mut *self.0.untold.lock().unwrap_or_else(PoisonError::into_inner));
        let tags: Vec<String> = untold.into_iter().collect();
        for part in tags.chunks(100) {
            self.evict(part).await;
        }
    }
}
