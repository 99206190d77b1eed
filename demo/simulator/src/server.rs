//! One loopback listener: accept, serve, stop.
//!
//! Not `axum::serve`, because a fault must be able to close the connection without an answer, and because dropping the
//! listener must end its connections too, those that hang on purpose included.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use axum::{Router, body::Body, extract::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{
    fault::{Fault, Faults},
    tls::Tls,
};

/// How long a stop waits for answers under way; hanging calls never end by themselves.
const GRACE: Duration = Duration::from_millis(300);
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Put on a response to have the connection closed instead of that response being written.
#[derive(Clone)]
pub(crate) struct DropConnection;

#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection is dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

/// A bound port that does not serve yet, so that its address can be known to what it will serve.
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
}

impl Bound {
    /// Binds `port` of 127.0.0.1; 0 takes a free one.
    pub(crate) async fn bind(port: u16) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(("127.0.0.1", port)).await.with_context(|| format!("cannot bind 127.0.0.1:{port}"))?;
        let address = listener.local_addr().context("the listener has no address")?;
        Ok(Self { listener, address, tls: None })
    }

    /// Speaks https, where `tls` is given.
    pub(crate) fn with_tls(self, tls: Option<&Tls>) -> Self {
        Self { tls: tls.map(|tls| tls.acceptor.clone()), ..self }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves `router` until the answer is stopped or dropped.
    pub(crate) fn serve(self, router: Router, faults: Faults) -> Server {
        let stop = CancellationToken::new();
        let accepting = tokio::spawn(accept(self.listener, self.tls, router, faults, stop.clone()));
        Server { stop, accepting }
    }
}

/// A serving listener; dropping it closes the port and every connection.
pub(crate) struct Server {
    stop: CancellationToken,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Closes the port, lets answers under way finish for a moment, then closes the rest.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.accepting).await {
            tracing::warn!(%error, "the listener ended badly");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The task owns the set of connections, so they end with it.
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    faults: Faults,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                // Closed with a reset, as nearly as a bound port can refuse.
                Ok((stream, _)) if faults.current() == Some(Fault::Refuse) => {
                    let _ = stream.set_zero_linger();
                }
                Ok((stream, _)) => {
                    connections.spawn(shake_hands(stream, tls.clone(), router.clone(), stop.clone()));
                }
                // Out of file descriptors, mostly: without a pause this loop would spin.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    if timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await.is_err() {
        tracing::debug!(left = connections.len(), "closing connections that would not end");
    }
}

async fn shake_hands(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, stop: CancellationToken) {
    let Some(tls) = tls else { return serve(stream, router, stop).await };
    match timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, router, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "a caller does not believe the certificate, or speaks no TLS"),
        Err(_) => tracing::debug!("a caller did not finish the handshake"),
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, router: Router, stop: CancellationToken) {
    let service = service_fn(|request: hyper::Request<Incoming>| answer(router.clone(), request.map(Body::new)));
    let mut connection = std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(router: Router, request: Request) -> Result<Response, Dropped> {
    let Ok(response) = router.oneshot(request).await;
    if response.extensions().get::<DropConnection>().is_some() { Err(Dropped) } else { Ok(response) }
}
