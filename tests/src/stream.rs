//! Subscribers: over HTTP as an event stream, and over a WebSocket. Each waits for what it expects, and fails when that does not come.
#![allow(clippy::indexing_slicing, reason = "a field of JSON that is not there is null")]

use std::time::Duration;

use futures::{SinkExt, StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue, protocol::CloseFrame},
};

use crate::Client;

/// Longer than anything takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A subscription as `text/event-stream`.
pub struct EventStream {
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    /// What came and is no whole event yet.
    rest: String,
}

/// One event of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// `next` or `complete`.
    pub name: String,
    /// The cursor.
    pub id: Option<String>,
    /// The payload; null where there is none.
    pub data: Value,
}

impl EventStream {
    /// Subscribes; fails when that is refused.
    pub async fn open(client: &Client, query: &str, variables: Value) -> Self {
        Self::open_with(client, query, variables, None).await
    }

    /// The same, going on after an event.
    pub async fn open_with(client: &Client, query: &str, variables: Value, last: Option<&str>) -> Self {
        let mut request = client.post().header("accept", "text/event-stream").timeout(Duration::from_secs(600));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.json(&json!({ "query": query, "variables": variables })).send().await;
        let response = response.expect("the gateway answers");
        let content_type =
            response.headers().get("content-type").map(|value| value.to_str().unwrap_or_default().to_owned());
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
        assert_eq!(content_type.as_deref(), Some("text/event-stream; charset=utf-8"));
        Self {
            bytes: response.bytes_stream().map(|bytes| bytes.map(|bytes| bytes.to_vec())).boxed(),
            rest: String::new(),
        }
    }

    /// The next event; none at the end.
    pub async fn event(&mut self) -> Option<StreamEvent> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an event within a minute")
    }

    /// The next event within this time.
    pub async fn event_within(&mut self, limit: Duration) -> Option<StreamEvent> {
        tokio::time::timeout(limit, self.read()).await.ok().flatten()
    }

    async fn read(&mut self) -> Option<StreamEvent> {
        loop {
            while let Some((block, rest)) = self.rest.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.rest = rest;
                let field = |name: &str| {
                    block.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned()))
                };
                // Signs of life have no name.
                let Some(name) = field("event") else { continue };
                let data = field("data").unwrap_or_default();
                let data = if data.is_empty() { Value::Null } else { serde_json::from_str(&data).expect("JSON") };
                return Some(StreamEvent { name, id: field("id"), data });
            }
            let bytes = self.bytes.next().await?.ok()?;
            self.rest.push_str(std::str::from_utf8(&bytes).expect("events are UTF-8"));
        }
    }

    /// The field `name` of the next event's data; fails when there are errors.
    pub async fn next(&mut self, name: &str) -> Value {
        let event = self.event().await.expect("the stream goes on");
        assert_eq!(event.name, "next");
        assert!(event.data.get("errors").is_none(), "{}", event.data);
        event.data["data"][name].clone()
    }
}

/// A WebSocket that speaks GraphQL.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens one with these subprotocols, or with none, and says nothing.
    pub async fn open(url: &str, protocols: &str) -> Self {
        let mut request = format!("{}/graphql", url.replacen("http", "ws", 1)).into_client_request().expect("a URL");
        if !protocols.is_empty() {
            let protocols = HeaderValue::from_str(protocols).expect("a header");
            request.headers_mut().insert("sec-websocket-protocol", protocols);
        }
        let (stream, _) = connect_async(request).await.expect("the gateway opens the socket");
        Self { stream }
    }

    /// Opens one and is let in with this token.
    pub async fn of(url: &str, token: &str) -> Self {
        let mut socket = Self::open(url, "graphql-transport-ws").await;
        socket
            .say(&json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } }))
            .await;
        assert_eq!(socket.hear().await, Ok(json!({ "type": "connection_ack" })));
        socket
    }

    /// Says something.
    pub async fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string()).await;
    }

    /// Says something that may be no JSON.
    pub async fn say_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("the socket takes it");
    }

    /// Subscribes under this id.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(&json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// Says goodbye with this code; what was said meanwhile is passed over, and the code of the other side's goodbye comes back.
    pub async fn leave(&mut self, code: u16) -> u16 {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.stream.send(Message::Close(Some(frame))).await.expect("the socket takes it");
        loop {
            if let Err(code) = self.hear().await {
                return code;
            }
        }
    }

    /// What is said next, pings answered; or the code with which the other side ends.
    pub async fn hear(&mut self) -> Result<Value, u16> {
        // Pings are no answer: they would be waited through for ever.
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let message =
                tokio::time::timeout_at(deadline, self.stream.next()).await.expect("a message within a minute");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] != "ping" {
                        return Ok(message);
                    }
                    self.say(&json!({ "type": "pong" })).await;
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Err(1006),
            }
        }
    }

    /// The field `name` of the next answer to the operation `id`.
    pub async fn next(&mut self, id: &str, name: &str) -> Value {
        let message = self.hear().await.expect("the socket goes on");
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        assert!(message["payload"].get("errors").is_none(), "{message}");
        message["payload"]["data"][name].clone()
    }
}
