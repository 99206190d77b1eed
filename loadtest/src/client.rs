//! The client: requests over kept connections, as fast as answers come or at a fixed rate. Every answer is checked.
//!
//! It runs on a thread of its own with a runtime of one thread, so that it takes as little as it can from what it measures.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, StatusCode, Uri,
    client::conn::http1::{SendRequest, handshake},
    header::{HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::mpsc};

use crate::tally::Tally;

/// Longest wait for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// Connections of the open loop: more than callers of the closed one, so that a slow answer does not hold back the rest.
const OPEN_CONNECTIONS: usize = 24;
/// Most requests of one open loop.
const OPEN_REQUESTS_MAX: usize = 200_000;

/// One request to be sent again and again.
#[derive(Clone)]
pub(crate) struct Shot {
    pub(crate) uri: Uri,
    /// Sent as POST; a GET when empty.
    pub(crate) body: Bytes,
}

/// Where requests go, and which.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) headers: HeaderMap,
    pub(crate) shots: Vec<Shot>,
}

/// A kept connection.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("{address} does not answer"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    async fn send(&mut self, target: &Target, number: usize) -> anyhow::Result<Bytes> {
        let (status, body) = self.exchange(target, number).await?;
        check(status, &body)?;
        Ok(body)
    }

    /// Sends one of the target's requests; answers what came, whatever it is.
    pub(crate) async fn exchange(&mut self, target: &Target, number: usize) -> anyhow::Result<(StatusCode, Bytes)> {
        let shot = target.shots.get(number % target.shots.len().max(1)).context("there is no request")?;
        let mut request = Request::new(Full::new(shot.body.clone()));
        *request.method_mut() = if shot.body.is_empty() { Method::GET } else { Method::POST };
        *request.uri_mut() = shot.uri.clone();
        *request.headers_mut() = target.headers.clone();
        let answering = async {
            self.0.ready().await?;
            let response = self.0.send_request(request).await?;
            let status = response.status();
            anyhow::Ok((status, response.into_body().collect().await?.to_bytes()))
        };
        tokio::time::timeout(ANSWER_MAX, answering).await.context("no answer in time")?
    }
}

fn check(status: StatusCode, body: &[u8]) -> anyhow::Result<()> {
    if status != StatusCode::OK || memchr::memmem::find(body, b"\"errors\":[").is_some() {
        bail!("{status}: {}", String::from_utf8_lossy(body.get(..body.len().min(500)).unwrap_or_default()));
    }
    Ok(())
}

impl Target {
    /// A target with the header that HTTP needs.
    pub(crate) fn new(address: SocketAddr, mut headers: HeaderMap, shots: Vec<Shot>) -> anyhow::Result<Arc<Self>> {
        headers.insert(HOST, HeaderValue::from_str(&address.to_string())?);
        Ok(Arc::new(Self { address, headers, shots }))
    }

    /// The answers to the first requests, one after the other.
    pub(crate) async fn answers(&self, count: usize) -> anyhow::Result<Vec<Bytes>> {
        let mut connection = Connection::open(self.address).await?;
        let mut answers = Vec::new();
        for number in 0..count {
            answers.push(connection.send(self, number).await?);
        }
        Ok(answers)
    }

    /// `callers` ask again as soon as they are answered, for so long.
    pub(crate) async fn closed_loop(self: &Arc<Self>, callers: usize, lasting: Duration) -> anyhow::Result<Tally> {
        let target = Arc::clone(self);
        on_own_thread(move || async move { closed_loop(&target, callers, lasting).await }).await
    }

    /// So many requests a second arrive evenly, for so long, whether or not earlier ones are answered.
    pub(crate) async fn open_loop(self: &Arc<Self>, rate: f64, lasting: Duration) -> anyhow::Result<Tally> {
        let target = Arc::clone(self);
        on_own_thread(move || async move { open_loop(target, rate, lasting).await }).await
    }
}

async fn closed_loop(target: &Target, callers: usize, lasting: Duration) -> anyhow::Result<Tally> {
    let next = AtomicUsize::new(0);
    let mut connections = try_join_all((0..callers).map(|_| Connection::open(target.address))).await?;
    let started = Instant::now();
    let end = started + lasting;
    let call = async |connection: &mut Connection| {
        let mut latencies = Vec::new();
        let mut bytes = 0;
        loop {
            let sent = Instant::now();
            if sent >= end && !latencies.is_empty() {
                return anyhow::Ok((latencies, bytes));
            }
            bytes += connection.send(target, next.fetch_add(1, Ordering::Relaxed)).await?.len();
            latencies.push(sent.elapsed());
        }
    };
    let parts = try_join_all(connections.iter_mut().map(call)).await?;
    Ok(Tally::of(started.elapsed(), parts))
}

async fn open_loop(target: Arc<Target>, rate: f64, lasting: Duration) -> anyhow::Result<Tally> {
    let planned = (rate * lasting.as_secs_f64()).clamp(1.0, OPEN_REQUESTS_MAX as f64) as usize;
    let gap = Duration::from_secs_f64(1.0 / rate.max(0.01));
    let connections = try_join_all((0..OPEN_CONNECTIONS).map(|_| Connection::open(target.address))).await?;
    // Never more waiting than planned requests, and those are bounded.
    let (due, waiting) = mpsc::unbounded_channel::<(usize, Instant)>();
    let waiting = tokio::sync::Mutex::new(waiting);
    let started = Instant::now();
    // A thread sleeps to within some tens of microseconds; the runtime's timers to a millisecond only.
    let pacer = std::thread::spawn(move || {
        for number in 0..planned {
            let intended = started + gap.mul_f64(number as f64);
            std::thread::sleep(intended.saturating_duration_since(Instant::now()));
            if due.send((number, intended)).is_err() {
                return;
            }
        }
    });
    let call = async |mut connection: Connection| {
        let mut latencies = Vec::new();
        let mut bytes = 0;
        loop {
            let next = waiting.lock().await.recv().await;
            let Some((number, intended)) = next else { return anyhow::Ok((latencies, bytes)) };
            bytes += connection.send(&target, number).await?.len();
            // From when it should have been sent: a stall counts for everybody who would have waited in it.
            latencies.push(intended.elapsed());
        }
    };
    let parts = try_join_all(connections.into_iter().map(call)).await;
    drop(waiting);
    let _ = pacer.join();
    let tally = Tally::of(started.elapsed(), parts?);
    ensure!(tally.count == planned, "{} of {planned} requests were answered", tally.count);
    Ok(tally)
}

/// Runs a future on a new thread with a runtime of its own.
async fn on_own_thread<F, T>(make: impl FnOnce() -> F + Send + 'static) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
    T: Send + 'static,
{
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let outcome = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(make()));
        let _ = sender.send(outcome);
    });
    receiver.await.context("the client's thread ended early")?
}
