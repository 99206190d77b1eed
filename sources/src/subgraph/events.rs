//! `Events`: a subscription of a subgraph's own, over a WebSocket of its own (`graphql-transport-ws`). Nothing is gathered: who does not
//! ask for the next event leaves it with the subgraph.

use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt};
use reqwest::{
    Upgraded,
    header::{self, HeaderMap},
};
use schema::SourceKind;
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use tokio::time::{Instant, timeout, timeout_at};
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
    /// When it said something, or was asked to.
    heard_at: Instant,
    /// It was asked whether it is there, and said nothing since.
    is_asked: bool,
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
        let max = Some(self.upstream.body_bytes_max());
        let config = WebSocketConfig::default().max_message_size(max).max_frame_size(max);
        let accepted = derive_accept_key(key.as_bytes());
        let question = question.clone();
        let begin = move |headers: HeaderMap, upgraded: Upgraded| {
            let beginning = async move {
                let is = |name: header::HeaderName, expected: &str| {
                    headers.get(name).is_some_and(|value| value.as_bytes() == expected.as_bytes())
                };
                if !is(header::SEC_WEBSOCKET_ACCEPT, &accepted) {
                    return Err(protocol("it did not accept the WebSocket that was asked for"));
                }
                if !is(header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL) {
                    return Err(protocol(format!("it does not speak {PROTOCOL}")));
                }
                let socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
                let mut events = Events { socket, heard_at: Instant::now(), is_asked: false, is_over: false };
                events.begin(&question).await?;
                Ok(events)
            };
            beginning.boxed()
        };
        self.upstream.upgrade("subscribe", make, begin).await
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
        while !self.is_over {
            let text = match timeout_at(self.heard_at + ASKED_EVERY, self.receive()).await {
                Ok(received) => received?,
                Err(_) if self.is_asked => return Err(silent()),
                Err(_) => {
                    (self.is_asked, self.heard_at) = (true, Instant::now());
                    self.send(json!({ "type": "ping" }).to_string()).await?;
                    continue;
                }
            };
            (self.is_asked, self.heard_at) = (false, Instant::now());
            // Only whoever says that it is complete has no more to say.
            let text =
                text.ok_or_else(|| SourceError::unavailable(SourceKind::Subgraph, "it closed the connection"))?;
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
        // Who does not read is not there either.
        let sent = timeout(ASKED_EVERY, self.socket.send(Message::text(text))).await.map_err(|_| silent())?;
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

fn silent() -> SourceError {
    SourceError::Timeout { upstream: SourceKind::Subgraph, limit: ASKED_EVERY }
}

fn protocol(cause: impl Into<crate::BoxError>) -> SourceError {
    SourceError::protocol(SourceKind::Subgraph, cause)
}
