//! A running gateway: listeners, background work, and the order in which it ends.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinSet,
};

use crate::{
    App, admission, attribution_worker, change_log_worker, cost_worker, discovery_worker, documents, federation, http,
    listener, live, location_worker, new_runs_worker, response_cache, source_worker, sync_worker, watch_worker,
    webhook_worker,
};

/// Connections that wait to be accepted, at most.
const BACKLOG: u32 = 1024;

/// How often the database is probed when there is no upstream.
const PROBE_INTERVAL: Duration = Duration::from_secs(60);

/// A gateway that serves. Dropping it ends it without ceremony; [`Serving::stop`] lets accepted work finish.
pub struct Serving {
    app: Arc<App>,
    address: SocketAddr,
    admin_address: SocketAddr,
    ending: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Serving {
    /// Binds the listeners and starts to serve.
    pub async fn start(app: Arc<App>) -> anyhow::Result<Self> {
        let server = &app.config.server;
        let public = bind(server.listen, "server.listen", server.send_buffer())?;
        let admin = bind(server.admin_listen, "server.admin_listen", server.send_buffer())?;
        let (address, admin_address) = (public.local_addr()?, admin.local_addr()?);
        let (ending, ended) = watch::channel(false);
        let mut tasks = JoinSet::new();
        match app.sources.redis() {
            Some(redis) => redis.start(&mut tasks, ended.clone()).await,
            None => {
                tracing::info!("no Redis is configured: caches, limits and fan-out are in process, for one replica")
            }
        }
        documents::load(&app).await;
        federation::load(&app).await?;
        let limits = listener::Limits {
            header_timeout: server.header_timeout,
            connections_max: server.connections_max,
            connections_per_address_max: server.connections_per_address_max,
            trusted_proxies: app.trusted_proxies.clone(),
            write_timeout: server.write_timeout,
            drain_max: server.shutdown_grace,
        };
        tasks.spawn(listener::run(public, http::front(Arc::clone(&app)), limits.clone(), ended.clone()));
        let admin_router: Router = http::admin_router(Arc::clone(&app));
        tasks.spawn(listener::run(admin, admin_router, limits, ended.clone()));
        let connecting = Arc::clone(&app);
        tasks.spawn(async move { connecting.sources.database().connect().await });
        tasks.spawn(admission::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(response_cache::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(live::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(documents::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(federation::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(probe(Arc::clone(&app), ended.clone()));
        tasks.spawn(change_log_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(source_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(location_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(sync_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(new_runs_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(discovery_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(attribution_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(cost_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(webhook_worker::run(Arc::clone(&app), ended.clone()));
        tasks.spawn(watch_worker::run(Arc::clone(&app), ended.clone()));
        app.authenticator.start(&mut tasks, ended.clone());
        tracing::info!(%address, %admin_address, "serving");
        if app.config.auth.issuers.is_empty() {
            tracing::warn!("no issuer is configured: every caller on this machine is an administrator");
        }
        Ok(Self { app, address, admin_address, ending, tasks })
    }

    /// Where clients come in.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where operators come in.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// The parts of the gateway.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Ends: readiness fails at once, and when whoever sends requests has seen it, none are accepted any more. Accepted work finishes within
    /// the grace period, then connections are cut.
    pub async fn stop(mut self) {
        self.app.leave();
        tokio::time::sleep(self.app.config.server.shutdown_delay).await;
        self.app.drain();
        // Nobody may be listening any more, when a task ended early.
        let _ = self.ending.send(true);
        let grace = self.app.config.server.shutdown_grace + Duration::from_millis(500);
        let finished = tokio::time::timeout(grace, async { while self.tasks.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("some work did not finish within the grace period and is cut off");
            self.tasks.shutdown().await;
        }
        self.app.sources.database().close().await;
        tracing::info!("ended");
    }
}

/// Listens. Connections take over for how many bytes of theirs the kernel gives its memory: left to itself, it would take megabytes for
/// each that does not read.
fn bind(address: SocketAddr, key: &str, send_buffer: u32) -> anyhow::Result<TcpListener> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.set_send_buffer_size(send_buffer)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().with_context(|| {
        format!("{address} cannot be listened on: another program may hold the port; choose another with `{key}`")
    })
}

/// Probes the sources at once and then regularly, so that `sources` tells of those that nobody happens to ask.
async fn probe(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    let intervals = app.sources.connectors().into_iter().map(|connector| connector.probe_interval());
    let interval = intervals.min().unwrap_or(PROBE_INTERVAL).max(Duration::from_secs(1));
    loop {
        app.sources.probe().await;
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            _ = ended.changed() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel takes for a client that reads nothing.
    async fn taken(send_buffer: u32) -> usize {
        let listener = bind("127.0.0.1:0".parse().unwrap(), "a", send_buffer).unwrap();
        let client = TcpSocket::new_v4().unwrap();
        client.set_recv_buffer_size(4 * 1024).unwrap();
        let address = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(client.connect(address), listener.accept());
        let stream = accepted.unwrap().0;
        let mut taken = 0;
        // Until it has taken nothing for a while.
        while tokio::time::timeout(Duration::from_millis(200), stream.writable()).await.is_ok() {
            taken += stream.try_write(&[0; 16 * 1024]).unwrap_or(0);
        }
        taken
    }

    #[tokio::test]
    async fn the_kernel_holds_no_more_than_it_may_for_who_does_not_read() {
        let (small, large) = (taken(16 * 1024).await, taken(1024 * 1024).await);
        // How much is granted is up to the kernel; left to itself, it would take megabytes.
        assert!(small < 128 * 1024, "{small}");
        assert!(large > small && large < 4 * 1024 * 1024, "{large}");
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_told_with_its_key() {
        let held = bind("127.0.0.1:0".parse().unwrap(), "a", 64 * 1024).unwrap();
        let refused = bind(held.local_addr().unwrap(), "server.listen", 64 * 1024).unwrap_err().to_string();
        assert!(refused.contains("choose another with `server.listen`"), "{refused}");
    }
}
