//! `Backends`: the replicas behind the proxy. Each is asked for `/readyz`, and gets nothing new while it is not ready.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Request, Response, Uri};
use tokio::time::timeout;

use super::{super::board::lock, link::Link};
use crate::client::{Shot, Target};

/// Between two questions whether a replica is ready, and the longest wait for an answer.
const ASK_EVERY: Duration = Duration::from_millis(100);
const ASK_MAX: Duration = Duration::from_secs(2);
/// Longest wait until all are ready.
const READY_MAX: Duration = Duration::from_secs(20);
/// Longest wait for the answer to a request.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Kept connections of a replica.
const IDLE_MAX: usize = 64;

/// One of those that requests go to.
pub(super) struct Backend {
    address: SocketAddr,
    is_ready: AtomicBool,
    idle: Mutex<VecDeque<Link>>,
    pub(super) answered: AtomicUsize,
}

/// What all connections share.
pub(super) struct Backends {
    pub(super) all: Vec<Backend>,
    turn: AtomicUsize,
}

impl Backends {
    /// These, all of which are ready.
    pub(super) fn new(addresses: &[SocketAddr]) -> Self {
        let backend = |address: &SocketAddr| Backend {
            address: *address,
            is_ready: AtomicBool::new(true),
            idle: Mutex::default(),
            answered: AtomicUsize::new(0),
        };
        Self { all: addresses.iter().map(backend).collect(), turn: AtomicUsize::new(0) }
    }

    /// Sends a request to the next one, once.
    pub(super) async fn pass(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Full<Bytes>>> {
        let backend = self.next().context("no replica is ready")?;
        let mut link = backend.link().await?;
        let response = timeout(ANSWER_MAX, link.send(request)).await.context("no answer in time")??;
        backend.answered.fetch_add(1, Relaxed);
        backend.keep(link);
        Ok(response)
    }

    /// Waits until all are ready: who replaces replicas one by one goes on only then.
    pub(super) async fn all_ready(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while !self.all.iter().all(|backend| backend.is_ready.load(Relaxed)) {
            ensure!(started.elapsed() < READY_MAX, "a replica is not ready within {READY_MAX:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// The next one in turn that is ready.
    fn next(&self) -> Option<&Backend> {
        let turn = self.turn.fetch_add(1, Relaxed);
        let count = self.all.len().max(1);
        let mut in_turn = (0..count).filter_map(|step| self.all.get((turn + step) % count));
        in_turn.find(|backend| backend.is_ready.load(Relaxed))
    }
}

impl Backend {
    /// Asks again and again whether it is ready.
    pub(super) async fn look(&self) {
        let mut ticks = tokio::time::interval(ASK_EVERY);
        loop {
            ticks.tick().await;
            let is_ready = timeout(ASK_MAX, self.says_ready()).await.is_ok_and(|said| said.is_ok());
            self.is_ready.store(is_ready, Relaxed);
            if !is_ready {
                lock(&self.idle).clear();
            }
        }
    }

    async fn says_ready(&self) -> anyhow::Result<()> {
        let shot = Shot { uri: Uri::from_static("/readyz"), body: Bytes::new() };
        Target::new(self.address, HeaderMap::new(), vec![shot])?.answers(1).await.map(|_| ())
    }

    /// A kept connection that is open, or a new one.
    async fn link(&self) -> anyhow::Result<Link> {
        loop {
            let Some(mut link) = lock(&self.idle).pop_front() else { break };
            if link.is_open().await {
                return Ok(link);
            }
        }
        Link::open(self.address).await
    }

    fn keep(&self, link: Link) {
        let mut idle = lock(&self.idle);
        if idle.len() < IDLE_MAX && self.is_ready.load(Relaxed) {
            idle.push_back(link);
        }
    }
}
