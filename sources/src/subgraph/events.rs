//! `Events`: a subscription of a subgraph's own, over a WebSocket of its own (`graphql-transport-ws`). Nothing is gathered: who does not
//! ask for the next event leaves it with the subgraph.

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use reqwest::{Upgraded, header};
use schema::SourceKind;
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{Question, Subgraph};
use crate::{
    SourceError,
    upstream::{WellFormed, websocket_headers},
};

const PROTOCOL: &str = "graphql-transport-ws";
/// The only operation on its connection.
const ID: &str = "1";
/// A subgraph that says nothing is asked so often whether it is still there. One that does not answer until the next time is not.
const ASKED_EVERY: Duration = Duration::from_secs(15);

/// Events as they come.
pub struct Events {
    socket: WebSocketStream<Upgraded>,
    asked_every: Duration,
    is_over: bool,
}

/// What a subgraph says. Others are not answered.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl Subgraph {
    /// Subscribes. The question's headers go along with the request, and who asks with the first message too: servers look in either.
    pub async fn subscribe(&self, question: &Question) -> Result<Events, SourceError> {
        let key = generate_key();
        let make = |client: &reqwest::Client| {
            websocket_headers(client.get(self.url.clone()), &key, PROTOCOL).headers(question.headers.clone())
        };
        let (headers, upgraded) = self.upstream.upgrade("subscribe", make).await?;
        let is = |name: header::HeaderName, expected: &str| {
            headers.get(name).is_some_and(|value| value.as_bytes() == expected.as_bytes())
        };
        if !is(header::SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes())) {
            return Err(protocol("it did not accept the WebSocket that was asked for"));
        }
        if !is(header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL) {
            return Err(protocol(format!("it does not speak {PROTOCOL}")));
        }
        let max = Some(self.upstream.body_bytes_max());
        let config = WebSocketConfig::default().max_message_size(max).max_frame_size(max);
        let socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        let mut events = Events { socket, asked_every: ASKED_EVERY, is_over: false };
        let limit = self.upstream.timeout();
        let late = |_| SourceError::Timeout { upstream: SourceKind::Subgraph, limit };
        timeout(limit, events.begin(question)).await.map_err(late)??;
        Ok(events)
    }
}

impl Events {
    async fn begin(&mut self, question: &Question) -> Result<(), SourceError> {
        let mut payload = Map::new();
        if let Some(token) = question.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
            payload.insert("authorization".to_owned(), token.into());
        }
        self.send(json!({ "type": "connection_init", "payload": payload }).to_string()).await?;
        loop {
            let text = self.receive().await?.ok_or_else(|| protocol("it closed the connection at its beginning"))?;
            match said(&text)?.kind {
                "connection_ack" => break,
                "ping" => self.send(json!({ "type": "pong" }).to_string()).await?,
                _ => {}
            }
        }
        let asked: Value = serde_json::from_slice(&question.body).map_err(protocol)?;
        self.send(json!({ "type": "subscribe", "id": ID, "payload": asked }).to_string()).await
    }

    /// The next answer, as a body of JSON; none when the subgraph has no more. Waiting can be given up without harm.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        let mut is_asked = false;
        while !self.is_over {
            let text = match timeout(self.asked_every, self.receive()).await {
                Ok(received) => received?,
                Err(_) if is_asked => {
                    let limit = self.asked_every;
                    return Err(SourceError::Timeout { upstream: SourceKind::Subgraph, limit });
                }
                Err(_) => {
                    is_asked = true;
                    self.send(json!({ "type": "ping" }).to_string()).await?;
                    continue;
                }
            };
            is_asked = false;
            // Only whoever says that it is complete has no more to say.
            let text = text.ok_or_else(|| SourceError::unavailable(SourceKind::Subgraph, "it closed the connection"))?;
            let Said { kind, payload } = said(&text)?;
            match (kind, payload) {
                ("next", Some(payload)) => return body(payload.get()).map(Some),
                ("error", Some(errors)) => {
                    self.is_over = true;
                    return body(&format!("{{\"data\":null,\"errors\":{}}}", errors.get())).map(Some);
                }
                ("complete", _) => self.is_over = true,
                ("ping", _) => self.send(json!({ "type": "pong" }).to_string()).await?,
                _ => {}
            }
        }
        Ok(None)
    }

    async fn send(&mut self, text: String) -> Result<(), SourceError> {
        let sent = self.socket.send(Message::text(text)).await;
        sent.map_err(|error| SourceError::unavailable(SourceKind::Subgraph, error))
    }

    /// The next text; none when the connection is closed.
    async fn receive(&mut self) -> Result<Option<String>, SourceError> {
        loop {
            match self.socket.next().await {
                None => return Ok(None),
                Some(Ok(Message::Text(text))) => return Ok(Some(text.as_str().to_owned())),
                Some(Ok(Message::Close(frame))) => {
                    let Some(frame) = frame.filter(|frame| u16::from(frame.code) >= 4_000) else { return Ok(None) };
                    return Err(protocol(format!("it refused: {} {}", frame.code, frame.reason)));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(SourceError::unavailable(SourceKind::Subgraph, error)),
            }
        }
    }
}

fn said(text: &str) -> Result<Said<'_>, SourceError> {
    serde_json::from_str(text).map_err(protocol)
}

/// What came as the body of an answer, within its bounds.
fn body(json: &str) -> Result<Bytes, SourceError> {
    serde_json::from_str::<WellFormed>(json).map_err(protocol)?;
    Ok(Bytes::copy_from_slice(json.as_bytes()))
}

fn protocol(cause: impl Into<crate::BoxError>) -> SourceError {
    SourceError::protocol(SourceKind::Subgraph, cause)
}
