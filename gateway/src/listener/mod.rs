//! One listener: accepts connections within limits, and drains them when the gateway ends.

mod addresses;
mod write_deadline;

use std::{convert::Infallible, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo, http::Request, response::Response};
use futures::FutureExt;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower::ServiceExt;

use self::{
    addresses::{AddressPlace, Addresses},
    write_deadline::WriteDeadline,
};
use crate::rate_limit::Network;

/// How long to wait for what, and how many at once.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest wait for the headers of a request; also the longest idle time of a connection.
    pub header_timeout: Duration,
    /// Most open connections; beyond it new ones wait to be accepted.
    pub connections_max: usize,
    /// Most open connections of one address; beyond it new ones are closed at once.
    pub connections_per_address_max: usize,
    /// Networks of proxies, which stand for many clients and are not counted.
    pub trusted_proxies: Vec<Network>,
    /// Longest time in which a client takes nothing of its answer.
    pub write_timeout: Duration,
    /// Longest wait for open connections to finish at the end.
    pub drain_max: Duration,
}

/// One of the connections that may be open; free again when the last clone is dropped. It comes with each request, so that whatever
/// goes on with a connection that is no HTTP any more can hold it.
#[derive(Clone)]
pub struct Place {
    _place: Arc<(OwnedSemaphorePermit, Option<AddressPlace>)>,
}

/// Answers requests, each with the address of its connection and its place.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Answers one. A box, because the server moves what it waits for.
    fn handle(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        place: &Place,
    ) -> Pin<Box<dyn Future<Output = Response> + Send>>;
}

impl Handler for Router {
    fn handle(
        &self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
        place: &Place,
    ) -> Pin<Box<dyn Future<Output = Response> + Send>> {
        request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer));
        request.extensions_mut().insert(place.clone());
        Box::pin(self.clone().oneshot(request).map(|Ok(response)| response))
    }
}

/// Serves until `ended` turns true, then lets open requests finish.
pub async fn run(listener: TcpListener, handler: impl Handler, limits: Limits, mut ended: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let addresses = Addresses::new(limits.connections_per_address_max);
    let graceful = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(limits.header_timeout))
        .max_header_list_size(32 * 1024);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((place, listener.accept().await))
        };
        let (place, accepted) = tokio::select! {
            Some(next) = next => next,
            _ = ended.changed() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: waiting a moment is all that helps.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let is_proxy = limits.trusted_proxies.iter().any(|network| network.contains(peer.ip()));
        let address_place = if is_proxy { None } else { addresses.enter(peer.ip()) };
        if !is_proxy && address_place.is_none() {
            metrics::counter!("weft_connections_refused_total").increment(1);
            tracing::debug!(%peer, "an address has as many connections as it may");
            continue;
        }
        // A small answer must not wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let (header_timeout, write_timeout) = (limits.header_timeout, limits.write_timeout);
        let handler = handler.clone();
        let place = Place { _place: Arc::new((place, address_place)) };
        let of_requests = place.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            handler.handle(request, peer, &of_requests).map(Ok::<_, Infallible>)
        });
        let (builder, watcher) = (builder.clone(), graceful.watcher());
        tokio::spawn(async move {
            // A client that breaks off or sends no HTTP is its own affair.
            if tokio::time::timeout(header_timeout, version_known(&stream)).await.is_ok_and(|known| known.is_ok()) {
                let connection = builder
                    .serve_connection_with_upgrades(TokioIo::new(WriteDeadline::new(stream, write_timeout)), service);
                let _ = watcher.watch(connection.into_owned()).await;
            }
            drop(place);
        });
    }
    drop(listener);
    let finished = async {
        graceful.shutdown().await;
        // WebSockets are no HTTP any more; all places are free when they have ended too.
        drop(places.acquire_many(u32::try_from(limits.connections_max).unwrap_or(u32::MAX)).await);
    };
    let _ = tokio::time::timeout(limits.drain_max, finished).await;
}

/// Waits for as much of a connection as tells HTTP/1 from HTTP/2. The server's own look at it has no deadline.
async fn version_known(stream: &TcpStream) -> std::io::Result<()> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut start = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut start).await?;
        let seen = start.get(..count).unwrap_or_default();
        if seen.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if count == PREFACE.len() || !PREFACE.starts_with(seen) {
            return Ok(());
        }
        // `peek` is ready as long as anything is there: it would spin.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
