//! `Link`: a connection of the proxy to a replica.

use std::net::SocketAddr;

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    client::conn::http1::{SendRequest, handshake},
    header::CONNECTION,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub(super) struct Link(SendRequest<Full<Bytes>>);

impl Link {
    pub(super) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("a ready replica lets nobody in")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Whether the replica has not closed it.
    pub(super) async fn is_open(&mut self) -> bool {
        self.0.ready().await.is_ok()
    }

    /// Sends a request, and waits for the whole answer: no connection is cut in the middle of one.
    pub(super) async fn send(&mut self, mut request: Request<Full<Bytes>>) -> anyhow::Result<Response<Full<Bytes>>> {
        // It is about one connection only.
        request.headers_mut().remove(CONNECTION);
        self.0.ready().await.context("a ready replica closed a connection")?;
        let answered = self.0.send_request(request).await;
        let (mut parts, body) = answered.context("a ready replica took a request and did not answer")?.into_parts();
        let body = body.collect().await.context("an answer was cut off")?.to_bytes();
        parts.headers.remove(CONNECTION);
        Ok(Response::from_parts(parts, Full::new(body)))
    }
}
