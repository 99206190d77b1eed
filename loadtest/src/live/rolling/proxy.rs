//! `Proxy`: hands HTTP requests to replicas in turns, as a load balancer does. It repeats no request: one that fails is answered 502, and
//! so counts.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

use super::backend::Backends;

/// Listens until it is dropped.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    pub(super) backends: Arc<Backends>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Proxy {
    /// Listens before these replicas, all of which are ready.
    pub(super) async fn start(addresses: &[SocketAddr]) -> anyhow::Result<Self> {
        let backends = Arc::new(Backends::new(addresses));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let mut tasks = vec![tokio::spawn(accept(listener, Arc::clone(&backends)))];
        for number in 0..addresses.len() {
            let backends = Arc::clone(&backends);
            tasks.push(tokio::spawn(async move {
                if let Some(backend) = backends.all.get(number) {
                    backend.look().await;
                }
            }));
        }
        Ok(Self { address, backends, tasks })
    }
}

async fn accept(listener: TcpListener, backends: Arc<Backends>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let backends = Arc::clone(&backends);
        connections.spawn(async move {
            let service = service_fn(|request| answer(&backends, request));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(backends: &Backends, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts, Full::new(body.collect().await?.to_bytes()));
    Ok(backends.pass(request).await.unwrap_or_else(|error| {
        let mut response = Response::new(Full::new(Bytes::from(format!("{error:#}"))));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    }))
}
