//! `Load`: requests that arrive evenly whatever becomes of earlier ones, half of them over kept connections and half over new ones. What
//! fails is counted and never sent again.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{runtime::Builder, sync::oneshot, task::JoinSet, time::sleep_until};

use super::super::board::lock;
use crate::client::{Connection, Target};

/// Requests a second, at most: a sixth of what one replica can answer where that is less. One of them has to do it alone, while the other
/// starts beside it, and refuses in time what it might not be able to do.
const RATE_MAX: f64 = 300.0;
const SHARE: f64 = 1.0 / 6.0;
/// How it is found out what one can answer.
const CALLERS: usize = 8;
const WARM_UP: Duration = Duration::from_secs(2);
/// More at once would be an endless wait.
const OPEN_MAX: usize = 4_000;

/// What became of all requests.
#[derive(Default)]
pub(super) struct Counted {
    /// Of those that were answered well, from when each was due.
    pub(super) latencies: Vec<Duration>,
    /// How often each thing went wrong.
    pub(super) failures: BTreeMap<String, usize>,
}

/// Goes on until it is asked to end.
pub(super) struct Load {
    ends: Arc<AtomicBool>,
    counted: oneshot::Receiver<anyhow::Result<Counted>>,
}

impl Load {
    /// Begins, on a thread of its own.
    pub(super) fn start(target: Arc<Target>, rate: f64) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let (told, counted) = oneshot::channel();
        let until = Arc::clone(&ends);
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let counted =
                runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(target, rate, &until)));
            let _ = told.send(counted);
        });
        Self { ends, counted }
    }

    /// Sends no more, and waits for what was sent.
    pub(super) async fn end(self) -> anyhow::Result<Counted> {
        self.ends.store(true, Relaxed);
        self.counted.await.context("the client's thread ended early")?
    }
}

async fn run(target: Arc<Target>, rate: f64, ends: &AtomicBool) -> anyhow::Result<Counted> {
    let (counted, kept) = (Arc::new(Mutex::new(Counted::default())), Arc::new(Mutex::new(Vec::new())));
    let (started, mut open) = (Instant::now(), JoinSet::new());
    let gap = Duration::from_secs_f64(1.0 / rate.max(1.0));
    let mut number = 0_u32;
    while !ends.load(Relaxed) {
        let due = started + gap * number;
        sleep_until(due.into()).await;
        while open.try_join_next().is_some() {}
        ensure!(open.len() < OPEN_MAX, "{OPEN_MAX} requests wait for an answer");
        let (target, counted, kept) = (Arc::clone(&target), Arc::clone(&counted), Arc::clone(&kept));
        open.spawn(async move {
            let keeps = number.is_multiple_of(2);
            let idle = if keeps { lock(&kept).pop() } else { None };
            let asked = ask(&target, idle, usize::try_from(number).unwrap_or(0)).await;
            let mut counted = lock(&counted);
            match asked {
                Ok(connection) => {
                    counted.latencies.push(due.elapsed());
                    lock(&kept).extend(Some(connection).filter(|_| keeps));
                }
                Err(error) => *counted.failures.entry(format!("{error:#}")).or_default() += 1,
            }
        });
        number += 1;
    }
    while open.join_next().await.is_some() {}
    Ok(std::mem::take(&mut *lock(&counted)))
}

/// One request; answers the connection, which may be kept.
async fn ask(target: &Target, idle: Option<Connection>, number: usize) -> anyhow::Result<Connection> {
    let mut connection = match idle {
        Some(connection) => connection,
        None => Connection::open(target.address).await?,
    };
    let (status, body) = connection.exchange(target, number).await?;
    let is_good = status == 200 && body.starts_with(b"{\"data\":{\"component\":{");
    ensure!(is_good, "{status}: {}", String::from_utf8_lossy(body.get(..body.len().min(100)).unwrap_or_default()));
    Ok(connection)
}

/// Requests a second that a replica can well answer beside all else; it is asked so that it is warm, too.
pub(super) async fn rate(replicas: &[SocketAddr], token: &str) -> anyhow::Result<f64> {
    let mut rate = RATE_MAX;
    for address in replicas {
        let tally = shots(*address, token)?.closed_loop(CALLERS, WARM_UP).await?;
        rate = rate.min(tally.rate() * SHARE);
    }
    Ok(rate)
}

/// Where the load goes, for whoever counts it.
pub(super) fn shots(address: SocketAddr, token: &str) -> anyhow::Result<Arc<Target>> {
    let query = "query Component($ref: EntityRef!) { component(ref: $ref) { ref title type lifecycle ownerRef } }";
    let shots = (0..200).map(|number| {
        let variables = serde_json::json!({ "ref": super::super::publish::name(number) });
        let body = serde_json::json!({ "query": query, "variables": variables }).to_string();
        crate::client::Shot { uri: hyper::Uri::from_static("/graphql"), body: body.into() }
    });
    Target::new(address, crate::gateway::headers(token, true)?, shots.collect())
}
