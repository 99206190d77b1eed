//! A server that answers what it is told to and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytesize::ByteSize;
use schema::SourceKind;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    Clock, Credential,
    awx::client::Client,
    upstream::{BreakerConfig, Limits, Shared, Upstream, UpstreamConfig},
};

/// The server.
pub(super) struct Server {
    url: url::Url,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each path, with its query, with a status and a body.
    pub(super) fn start(answer: impl Fn(&str) -> (u16, Value) + Send + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((mut stream, _)) = listener.accept().await {
                let head = head(&mut stream).await;
                assert!(head.to_lowercase().contains("authorization: bearer hunter2"), "{head}");
                let path = head.split(' ').nth(1).unwrap().to_owned();
                let (status, body) = answer(&path);
                log.lock().unwrap().push(path);
                let body = body.to_string();
                let length = body.len();
                let text = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                );
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        Self { url, asked }
    }

    /// A client of it.
    pub(super) fn client(&self) -> Client {
        let second = Duration::from_secs(10);
        let limits = Limits {
            timeout: second,
            requests_in_flight_max: 4,
            body_max: ByteSize::mib(1),
            breaker: BreakerConfig { failures_max: 100, open_for: second },
            quota: None,
            ca_file: None,
        };
        let config = UpstreamConfig::new(SourceKind::Awx, &self.url, limits);
        let upstream = Upstream::new(config, Shared { redis: None, clock: &Clock::system() }).unwrap();
        Client::new(upstream, &self.url, "/api/v2/", Credential::fixed("hunter2".into())).unwrap()
    }

    /// What it was asked, in order.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}
