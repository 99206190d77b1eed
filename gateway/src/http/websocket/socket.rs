//! A conversation: who it is, what it wants, and that it lives, until either side ends it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    extract::ws::{CloseFrame, Message, WebSocket},
    http::{HeaderMap, HeaderValue, header},
};
use futures::{
    FutureExt, SinkExt, StreamExt,
    stream::{self, AbortHandle, BoxStream, SelectAll},
};
use schema::ErrorCode;
use serde_json::{Map, Value};
use tokio::time::{Instant, MissedTickBehavior};

use super::{
    message::{self, Close, Incoming, Protocol},
    operation::{self, Asking, Told},
};
use crate::{
    App,
    auth::{AuthError, Principal},
    guard,
    http::{Answer, stream::drain_pause},
    live::Resume,
    prepare::Refusal,
};

/// Pings that may stay unanswered.
const UNANSWERED_MAX: u32 = 2;

/// Longer than any socket lives.
const FOR_EVER: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Answers that go out in one piece, at most, before anything else is looked at.
const TOGETHER_MAX: usize = 64;

/// Longest id of an operation.
const ID_BYTES_MAX: usize = 256;

/// Most that a subscription is begun with: it is kept as long as that runs.
const KEPT_BYTES_MAX: usize = 128 * 1024;

/// An operation that runs.
struct Running {
    handle: AbortHandle,
    /// Who began it.
    principal: Arc<Principal>,
    /// It is a subscription: with another token it is begun again. Whatever else it is would be done twice.
    is_subscription: bool,
    /// What it was begun with, to begin it again; none where that is more than is kept.
    payload: Option<Map<String, Value>>,
    /// The cursor it sent last; none for what has no cursors.
    cursor: Option<Arc<str>>,
    /// What subgraphs were told of who began it; none where none was asked.
    told: Option<String>,
    /// Tells it from an earlier one with the same id.
    number: u64,
}

/// Which operation said what.
type Answered = (Arc<str>, u64, Told);

struct Conversation {
    app: Arc<App>,
    socket: WebSocket,
    protocol: Protocol,
    headers: Arc<HeaderMap>,
    /// The same with the credentials that count now, for operations.
    credited: Arc<HeaderMap>,
    principal: Option<Arc<Principal>>,
    running: HashMap<Arc<str>, Running>,
    streams: SelectAll<BoxStream<'static, Answered>>,
    begun: u64,
    unanswered: u32,
    /// There is another token than before.
    is_renewed: bool,
}

/// Why a conversation is over.
enum End {
    /// Said to the other side.
    Close(Close),
    /// The same, with words of our own.
    Bad(&'static str),
    /// The other side is gone.
    Gone,
}

impl From<axum::Error> for End {
    fn from(_: axum::Error) -> Self {
        Self::Gone
    }
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

/// Talks until the end.
pub async fn run(app: Arc<App>, socket: WebSocket, headers: HeaderMap) {
    let protocol = socket.protocol().and_then(|name| name.to_str().ok()).and_then(Protocol::of);
    metrics::gauge!("weft_live_sockets").increment(1.0);
    let headers = copied(headers);
    let mut conversation = Conversation {
        app,
        socket,
        protocol: protocol.unwrap_or(Protocol::Transport),
        credited: Arc::new(headers.clone()),
        headers: Arc::new(headers),
        principal: None,
        running: HashMap::new(),
        streams: SelectAll::new(),
        begun: 0,
        unanswered: 0,
        is_renewed: false,
    };
    let outcome = match protocol {
        Some(_) => conversation.talk().await,
        None => Err(Close::SUBPROTOCOL.into()),
    };
    let Conversation { mut socket, streams, .. } = conversation;
    drop(streams);
    metrics::gauge!("weft_live_sockets").decrement(1.0);
    let goodbye = match outcome {
        Err(End::Close(Close(code, reason))) => Some((code, reason)),
        Err(End::Bad(reason)) => Some((4400, reason)),
        Ok(()) | Err(End::Gone) => None,
    };
    let closing = async {
        if let Some((code, reason)) = goodbye {
            metrics::counter!("weft_live_sockets_closed_total", "code" => code.to_string()).increment(1);
            let frame = CloseFrame { code, reason: reason.into() };
            if socket.send(Message::Close(Some(frame))).await.is_err() {
                return;
            }
        }
        // The other side says goodbye as well: cut off at once, it might not read ours. If it said it first, reading on is what
        // answers it; unanswered, a client takes it for a failure of the network and comes again later than it could.
        while let Some(Ok(_)) = socket.recv().await {}
    };
    // Whoever reads nothing any more is not waited for.
    drop(tokio::time::timeout(Duration::from_secs(2), closing).await);
}

/// The same headers in memory of their own: as they come they are parts of what the request was read into, eight kilobytes that would stay
/// as long as the socket.
fn copied(headers: HeaderMap) -> HeaderMap {
    let mut copied = HeaderMap::with_capacity(headers.len());
    for (name, value) in &headers {
        if let Ok(own) = HeaderValue::from_bytes(value.as_bytes()) {
            copied.append(name.clone(), own);
        }
    }
    copied
}

impl Conversation {
    async fn talk(&mut self) -> Result<(), End> {
        self.greet().await?;
        let config = &self.app.config.live;
        let mut pings = tokio::time::interval(config.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        let app = Arc::clone(&self.app);
        let mut drained = std::pin::pin!(async {
            app.drained().await;
            tokio::time::sleep(drain_pause(&app)).await;
        });
        let mut expiry = std::pin::pin!(tokio::time::sleep_until(self.expires_at()));
        loop {
            if std::mem::take(&mut self.is_renewed) {
                expiry.as_mut().reset(self.expires_at());
            }
            tokio::select! {
                biased;
                () = &mut expiry => return self.expire().await,
                message = self.socket.recv() => self.hear(message).await?,
                Some(told) = self.streams.next() => self.tell_all(told).await?,
                _ = pings.tick() => self.ask_for_life().await?,
                () = &mut drained => return Err(Close::GOING_AWAY.into()),
            }
        }
    }

    /// Waits for the first message, which says who it is.
    async fn greet(&mut self) -> Result<(), End> {
        let deadline = Instant::now() + self.app.config.live.init_timeout;
        loop {
            let message = match tokio::time::timeout_at(deadline, self.socket.recv()).await {
                Ok(message) => message,
                Err(_) => return Err(Close::INIT_TIMEOUT.into()),
            };
            match self.read(message)? {
                None | Some(Incoming::Pong) => {}
                Some(Incoming::Ping(_)) => self.say(self.protocol.pong()).await?,
                Some(Incoming::Init(payload)) => {
                    match authenticate(&self.app, &self.headers, &payload).await {
                        Ok(principal) => {
                            self.principal = Some(principal);
                            self.credited = credited(&self.headers, &payload);
                        }
                        Err(close) => {
                            if let Some(refusal) = self.protocol.refusal(close) {
                                self.say(refusal).await?;
                            }
                            return Err(close.into());
                        }
                    }
                    return self.say(self.protocol.ack()).await;
                }
                Some(Incoming::Terminate) => return Err(End::Gone),
                Some(Incoming::Subscribe { .. } | Incoming::Complete(_)) => return Err(Close::UNAUTHORIZED.into()),
            }
        }
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let bytes = match &message {
            Some(Ok(Message::Text(text))) => text.len(),
            _ => 0,
        };
        match self.read(message)? {
            None => Ok(()),
            Some(Incoming::Pong) => {
                self.unanswered = 0;
                Ok(())
            }
            Some(Incoming::Ping(payload)) => {
                if !payload.is_empty() {
                    self.renew(&payload).await?;
                }
                self.say(self.protocol.pong()).await
            }
            Some(Incoming::Init(_)) => Err(Close::TOO_MANY_INITS.into()),
            Some(Incoming::Terminate) => Err(End::Gone),
            Some(Incoming::Complete(id)) => {
                if let Some(running) = self.running.remove(id.as_str()) {
                    running.handle.abort();
                }
                Ok(())
            }
            Some(Incoming::Subscribe { id, payload }) => {
                if id.len() > ID_BYTES_MAX {
                    return Err(End::Bad("An id has at most 256 bytes"));
                }
                if self.running.contains_key(id.as_str()) {
                    return Err(Close::DUPLICATE.into());
                }
                if self.running.len() >= self.app.config.live.subscriptions_per_socket_max {
                    let message =
                        "this socket has as many operations as it may: end some first, or open another socket";
                    let answer = Answer::refused(&Refusal::new(ErrorCode::Overloaded, message), "");
                    return self.say(self.protocol.error(&id, &answer.into_bytes())).await;
                }
                let kept = (bytes <= KEPT_BYTES_MAX).then(|| payload.clone());
                self.begin(id.into(), payload, kept, None);
                Ok(())
            }
        }
    }

    /// Reads a message of ours out of one of the socket.
    fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Option<Incoming>, End> {
        let text = match message {
            None | Some(Err(_)) | Some(Ok(Message::Close(_))) => return Err(End::Gone),
            // Whatever comes is a sign of life.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.unanswered = 0;
                return Ok(None);
            }
            Some(Ok(Message::Binary(_))) => return Err(End::Bad("Messages are texts")),
            Some(Ok(Message::Text(text))) => text,
        };
        guard::check_json(text.as_bytes(), &self.app.config.limits.guard())
            .map_err(|_| End::Bad("Not JSON, or nested too deeply"))?;
        self.protocol.read(&text).map(Some).map_err(End::Bad)
    }

    /// `kept` is what it is begun again with.
    fn begin(
        &mut self,
        id: Arc<str>,
        payload: Map<String, Value>,
        kept: Option<Map<String, Value>>,
        resume: Option<Resume>,
    ) {
        let Some(principal) = self.principal.clone() else { return };
        self.begun += 1;
        let number = self.begun;
        let cursor = resume.as_ref().map(|resume| resume.cursor.as_str().into());
        let asking = Asking {
            app: Arc::clone(&self.app),
            principal: Arc::clone(&principal),
            headers: Arc::clone(&self.credited),
            payload,
            resume,
        };
        let (told, handle) = stream::abortable(operation::run(asking));
        let name = Arc::clone(&id);
        self.streams.push(Box::pin(told.map(move |told| (Arc::clone(&name), number, told))));
        self.running.insert(
            id,
            Running { handle, principal, is_subscription: false, payload: kept, cursor, told: None, number },
        );
    }

    /// Tells this and whatever else is ready: the kernel is called once for many small answers.
    async fn tell_all(&mut self, (id, number, told): Answered) -> Result<(), End> {
        self.tell(&id, number, told).await?;
        for _ in 1..TOGETHER_MAX {
            let Some(Some((id, number, told))) = self.streams.next().now_or_never() else { break };
            // Whoever reads slowly may have kept us until the token had ended.
            if self.expires_at() <= Instant::now() {
                return self.expire().await;
            }
            self.tell(&id, number, told).await?;
        }
        Ok(self.socket.flush().await?)
    }

    /// Has an answer go out with the next ones.
    async fn tell(&mut self, id: &Arc<str>, number: u64, told: Told) -> Result<(), End> {
        // Of one that was ended meanwhile.
        let Some(running) = self.running.get_mut(id).filter(|running| running.number == number) else { return Ok(()) };
        let said = match told {
            Told::Begun(cursor, told) => {
                if running.payload.is_none() {
                    running.handle.abort();
                    self.running.remove(id);
                    let message = format!("a subscription is begun with at most {KEPT_BYTES_MAX} bytes");
                    let answer = Answer::refused(&Refusal::new(ErrorCode::BadRequest, message), "");
                    let said = self.protocol.error(id, &answer.into_bytes());
                    return Ok(self.socket.feed(Message::Text(said.into())).await?);
                }
                running.is_subscription = true;
                (running.cursor, running.told) = (cursor, told);
                self.begin_again(Arc::clone(id));
                return Ok(());
            }
            Told::Next(payload, cursor) => {
                let said = match cursor {
                    Some(cursor) => {
                        running.cursor = Some(cursor);
                        message::framed(self.protocol, id, &payload)
                    }
                    None => self.protocol.next(id, &payload).into(),
                };
                return Ok(self.socket.feed(Message::Text(said)).await?);
            }
            Told::Error(payload) => {
                self.running.remove(id);
                self.protocol.error(id, &payload)
            }
            Told::Complete => {
                self.running.remove(id);
                self.protocol.complete(id)
            }
        };
        Ok(self.socket.feed(Message::Text(said.into())).await?)
    }

    async fn ask_for_life(&mut self) -> Result<(), End> {
        if self.unanswered >= UNANSWERED_MAX {
            return Err(Close::SILENT.into());
        }
        self.unanswered += 1;
        if self.protocol == Protocol::Legacy {
            // Its own word is not answered; that of the socket is.
            self.socket.send(Message::Ping(bytes::Bytes::new())).await?;
        }
        self.say(self.protocol.ping()).await
    }

    /// Takes a new token: what runs goes on, through other eyes if it has to.
    async fn renew(&mut self, payload: &Map<String, Value>) -> Result<(), End> {
        if token(payload).is_none() {
            return Ok(());
        }
        let renewed = match authenticate(&self.app, &self.headers, payload).await {
            Ok(renewed) => renewed,
            // The token of before is good as long as it is.
            Err(Close::TRY_LATER) => return Ok(()),
            Err(close) => return Err(close.into()),
        };
        self.principal = Some(renewed);
        self.credited = credited(&self.headers, payload);
        self.is_renewed = true;
        let ids: Vec<Arc<str>> = self.running.keys().cloned().collect();
        ids.into_iter().for_each(|id| self.begin_again(id));
        Ok(())
    }

    /// Begins a subscription again, if it was begun through other eyes than there are now, or subgraphs are to be told otherwise.
    fn begin_again(&mut self, id: Arc<str>) {
        let (Some(principal), Some(running)) = (&self.principal, self.running.get(&id)) else { return };
        let before = &running.principal;
        let is_reset = before.eyes() != principal.eyes() || before.key != principal.key;
        let told = || self.app.subgraph_identity.of(&self.credited, principal);
        let is_other = is_reset || running.told.as_ref().is_some_and(|before| *before != told());
        if !(running.is_subscription && is_other) {
            return;
        }
        if let Some(running) = self.running.remove(&id) {
            running.handle.abort();
            let resume = running.cursor.map(|cursor| Resume { cursor: cursor.as_ref().to_owned(), is_reset });
            if let Some(payload) = running.payload {
                self.begin(id, payload.clone(), Some(payload), resume);
            }
        }
    }

    /// The token has ended: each operation is told, then the socket.
    async fn expire(&mut self) -> Result<(), End> {
        let message = "the access token has expired: get a new one and go on after the last cursor";
        let answer = Answer::refused(&Refusal::new(ErrorCode::TokenExpired, message), "").into_bytes();
        for (id, running) in std::mem::take(&mut self.running) {
            running.handle.abort();
            self.say(self.protocol.error(&id, &answer)).await?;
        }
        Err(Close::EXPIRED.into())
    }

    /// When the token ends; where there is none, later than any socket lives.
    fn expires_at(&self) -> Instant {
        let expires_at = self.principal.as_ref().and_then(|principal| principal.expires_at);
        let left = expires_at.map(|moment| (moment.0 - self.app.clock.now()).to_std().unwrap_or_default());
        Instant::now() + left.unwrap_or(FOR_EVER).min(FOR_EVER)
    }

    async fn say(&mut self, text: String) -> Result<(), End> {
        self.socket.send(Message::Text(text.into())).await.map_err(End::from)
    }
}

/// Who names itself so in a payload, or did in the headers of the socket's own request.
async fn authenticate(app: &App, headers: &HeaderMap, payload: &Map<String, Value>) -> Result<Arc<Principal>, Close> {
    let of_upgrade = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let authorization = token(payload).map(str::as_bytes).or(of_upgrade);
    // Where it cannot be told who it is, it is not refused.
    let close = |error: AuthError| if error.challenge().is_some() { Close::FORBIDDEN } else { Close::TRY_LATER };
    app.authenticator.authenticate(authorization).await.map_err(close)
}

/// The headers of the socket's own request, with the credentials of the payload in place of theirs.
fn credited(headers: &HeaderMap, payload: &Map<String, Value>) -> Arc<HeaderMap> {
    let mut headers = headers.clone();
    if let Some(Ok(mut token)) = token(payload).map(HeaderValue::from_str) {
        token.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, token);
    }
    Arc::new(headers)
}

/// The credentials in a payload, where clients put them.
fn token(payload: &Map<String, Value>) -> Option<&str> {
    fn of(object: &Map<String, Value>) -> Option<&str> {
        ["authorization", "Authorization"].iter().find_map(|name| object.get(*name)?.as_str())
    }
    of(payload).or_else(|| of(payload.get("headers")?.as_object()?))
}
