//! `Subscriber`: follows one subscription, is cut off at random, and goes on from its last cursor at the other replica.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    super::{
        board::lock,
        client::{INIT_MAX, enter},
        wire::{Heard, Wire},
    },
    folded::{Folded, Taken},
    watching::{Eyes, Watching},
};

/// How long a socket lives at most, and at least, before the subscriber cuts it.
const LIFE_MS: std::ops::Range<u64> = 300..9_000;
/// Between two attempts where no replica lets it in.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// Longest time without a socket: one replica is always up.
const ALONE_MAX: Duration = Duration::from_secs(60);

/// What one subscriber does, as others may see it.
pub(super) struct Subscriber {
    pub(super) watching: Watching,
    pub(super) eyes: Eyes,
    pub(super) folded: Mutex<Folded>,
    /// Sockets that it cut itself, those that the other side left, and refusals that allow to ask again.
    pub(super) cuts: AtomicUsize,
    pub(super) left: AtomicUsize,
    pub(super) refused: AtomicUsize,
}

/// Why a socket is no more.
enum End {
    Cut,
    Left,
    /// Nobody was there, or nobody wanted it.
    NotLetIn,
    /// The stream says that something is missing.
    Gap,
}

impl Subscriber {
    pub(super) fn new(watching: Watching, eyes: Eyes) -> Arc<Self> {
        let none = AtomicUsize::default;
        Arc::new(Self { watching, eyes, folded: Mutex::default(), cuts: none(), left: none(), refused: none() })
    }

    /// Follows until it is dropped; an error where what comes is not as it must be.
    pub(super) async fn run(self: Arc<Self>, addresses: [SocketAddr; 2], seed: u64) -> anyhow::Result<()> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut alone_since = Instant::now();
        for turn in seed as usize.. {
            let [one, other] = addresses;
            let address = if turn % 2 == 0 { one } else { other };
            let life = Duration::from_millis(random.random_range(LIFE_MS));
            let began = Instant::now();
            let what = self.watching.name;
            match self.session(address, life).await.with_context(|| format!("a subscriber of {what}"))? {
                End::NotLetIn => {
                    ensure!(alone_since.elapsed() < ALONE_MAX, "no replica lets a subscriber in for {ALONE_MAX:?}");
                    tokio::time::sleep(AGAIN_AFTER.saturating_sub(began.elapsed())).await;
                    continue;
                }
                End::Cut => drop(self.cuts.fetch_add(1, Relaxed)),
                End::Left => drop(self.left.fetch_add(1, Relaxed)),
                End::Gap => {}
            }
            alone_since = Instant::now();
        }
        Ok(())
    }

    /// One socket.
    async fn session(&self, address: SocketAddr, life: Duration) -> anyhow::Result<End> {
        let opening = async {
            let mut wire = Wire::open(address, Ipv4Addr::LOCALHOST, None).await?;
            enter(&mut wire, &self.eyes.token).await?;
            let variables = self.beginning(address).await?;
            let payload = json!({ "query": self.watching.subscription, "variables": variables });
            wire.say(&json!({ "id": "1", "type": "subscribe", "payload": payload }).to_string()).await?;
            anyhow::Ok(wire)
        };
        // A replica may go at any moment of this.
        let Ok(Ok(mut wire)) = tokio::time::timeout(INIT_MAX, opening).await else { return Ok(End::NotLetIn) };
        let end = tokio::time::Instant::now() + life;
        loop {
            let heard = tokio::select! {
                heard = wire.hear() => heard?,
                () = tokio::time::sleep_until(end) => return Ok(End::Cut),
            };
            let Heard::Text(text) = heard else { return Ok(End::Left) };
            let message: Value = serde_json::from_slice(&text)?;
            match message.get("type").and_then(Value::as_str) {
                Some("ping") => {
                    if wire.say("{\"type\":\"pong\"}").await.is_err() {
                        return Ok(End::Left);
                    }
                }
                Some("next") if message.pointer("/payload/errors").is_none() => {
                    let event = message.pointer(&format!("/payload/data/{}", self.watching.field));
                    let event = event.with_context(|| format!("no event: {message}"))?;
                    if lock(&self.folded).take(event)? == Taken::Gap {
                        return Ok(End::Gap);
                    }
                }
                Some("complete") => return Ok(End::Left),
                // What cannot go on now can from the last cursor.
                Some("error" | "next") if message.to_string().contains("\"retryable\":true") => {
                    self.refused.fetch_add(1, Relaxed);
                    return Ok(End::NotLetIn);
                }
                _ => bail!("unexpected: {message}"),
            }
        }
    }

    /// From where it goes on, or how it begins.
    async fn beginning(&self, address: SocketAddr) -> anyhow::Result<Value> {
        let filter = &self.watching.filter;
        if let Some(cursor) = lock(&self.folded).cursor.clone() {
            return Ok(json!({ "filter": filter, "after": cursor }));
        }
        if self.watching.has_snapshot {
            lock(&self.folded).begin(super::watching::Objects::new(), None);
            return Ok(json!({ "filter": filter, "snapshot": true }));
        }
        let (objects, cursor) = self.eyes.list(address, &self.watching).await?;
        lock(&self.folded).begin(objects, Some(cursor.clone()));
        Ok(json!({ "filter": filter, "after": cursor }))
    }
}
