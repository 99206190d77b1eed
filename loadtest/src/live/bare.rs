//! What the fan-out is compared with: axum's WebSockets and tokio's broadcast, in a process of their own, that give the same bytes to
//! everybody and do nothing else.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, ensure};
use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
    routing::{get, post},
    serve::ListenerExt,
};
use bytes::Bytes;
use hyper::HeaderMap;
use tokio::{process::Command, sync::broadcast};

use crate::{
    child::Process,
    client::{Shot, Target},
    place::Place,
};

/// Messages that wait for the slowest.
const WAITING_MAX: usize = 1024;
/// What a socket reads at once, as in the gateway.
const READ_BUFFER: usize = 4 * 1024;
const READY_MAX: Duration = Duration::from_secs(20);
const BEGUN_MAX: Duration = Duration::from_secs(120);

/// Serves until the process ends. The address is the first line on standard output.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let (sender, _) = broadcast::channel::<Utf8Bytes>(WAITING_MAX);
    let router = Router::new()
        .route("/graphql", get(upgrade))
        .route("/publish", post(publish))
        .route("/count", get(async |State(sender): State<Sender>| sender.receiver_count().to_string()))
        .with_state(sender);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

type Sender = broadcast::Sender<Utf8Bytes>;

async fn upgrade(State(sender): State<Sender>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.protocols(["graphql-transport-ws"]).read_buffer_size(READ_BUFFER).write_buffer_size(0);
    upgrade.on_upgrade(async move |socket| drop(talk(socket, sender).await))
}

/// Lets a client in, waits for its subscription, and sends on.
async fn talk(mut socket: WebSocket, sender: Sender) -> anyhow::Result<()> {
    socket.recv().await.context("gone")??;
    socket.send(Message::text("{\"type\":\"connection_ack\"}")).await?;
    socket.recv().await.context("gone")??;
    let mut messages = sender.subscribe();
    loop {
        tokio::select! {
            message = messages.recv() => socket.send(Message::Text(message?)).await?,
            heard = socket.recv() => drop(heard.context("gone")??),
        }
    }
}

/// Each line is a message.
async fn publish(State(sender): State<Sender>, body: String) -> String {
    for line in body.lines() {
        // Nobody may be listening.
        let _ = sender.send(line.into());
    }
    sender.receiver_count().to_string()
}

/// The process.
pub(super) struct Bare {
    process: Process,
    pub(super) address: SocketAddr,
}

impl Bare {
    pub(super) async fn start(place: &Place) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve-broadcast");
        let mut process = Process::start(&mut command, &place.load.join("broadcast.log"))?;
        let address = process.first_line(READY_MAX).await?.parse().context("no address")?;
        Ok(Self { process, address })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Waits until so many have subscribed.
    pub(super) async fn begun(&self, count: usize) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        while self.ask("/count", Bytes::new()).await? != count.to_string() {
            ensure!(started.elapsed() < BEGUN_MAX, "not all of {count} have subscribed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Sends these messages to all.
    pub(super) async fn publish(&self, messages: &[Bytes]) -> anyhow::Result<()> {
        self.ask("/publish", messages.join(&b'\n').into()).await.map(drop)
    }

    async fn ask(&self, path: &'static str, body: Bytes) -> anyhow::Result<String> {
        let shot = Shot { uri: hyper::Uri::from_static(path), body };
        let answers = Target::new(self.address, HeaderMap::new(), vec![shot])?.answers(1).await?;
        Ok(String::from_utf8(answers.first().context("no answer")?.to_vec())?)
    }

    pub(super) async fn stop(self) {
        self.process.stop().await;
    }
}
