//! Hears what other replicas evict. Whenever the subscription stands anew, everything in memory is dropped: what was said
//! meanwhile is lost, and no entry shall outlive its eviction for that.

use std::time::Duration;

use futures::StreamExt;
use redis::{Client, Msg, RedisResult, Value};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::Redis;

/// After so much silence the connection is tried, because one that broke without a word is silent too.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// The wait before another try.
const RETRY: Duration = Duration::from_millis(500);

impl Redis {
    pub(super) async fn listen(self, heard: watch::Sender<bool>, mut ended: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                outcome = self.follow(&heard) => {
                    if let Err(error) = outcome {
                        tracing::debug!(%error, "evictions of other replicas are not heard");
                    }
                }
                _ = ended.changed() => return,
            }
            tokio::select! {
                () = sleep(RETRY) => {}
                _ = ended.changed() => return,
            }
        }
    }

    /// Listens until the subscription breaks. On a cluster any node will do: what is published reaches all of them.
    async fn follow(&self, heard: &watch::Sender<bool>) -> RedisResult<()> {
        let limit = self.0.config.connect_timeout;
        let client = Client::open(self.0.info.clone())?;
        let (mut sink, mut messages) = timely(limit, client.get_async_pubsub()).await?.split();
        timely(limit, sink.subscribe(self.0.keys.channel())).await?;
        self.0.evictions.evict_all();
        heard.send_replace(true);
        loop {
            match timeout(SILENCE_MAX, messages.next()).await {
                Ok(Some(message)) => self.hear(&message),
                Ok(None) => return Ok(()),
                Err(_) => drop(timely(limit, sink.ping::<Value>()).await?),
            }
        }
    }

    fn hear(&self, message: &Msg) {
        match serde_json::from_slice::<(String, Vec<String>)>(message.get_payload_bytes()) {
            // What this process evicted itself is absent already, and fetched anew perhaps.
            Ok((sender, _)) if sender == self.0.id => {}
            Ok((_, tags)) => self.0.evictions.evict(&tags),
            // Another release may speak otherwise; it means that something is evicted.
            Err(_) => self.0.evictions.evict_all(),
        }
    }
}

async fn timely<T>(limit: Duration, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err((redis::ErrorKind::Io, "no answer in time").into()))
}
