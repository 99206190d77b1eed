//! Subscriptions over HTTP: answers that never end, as events (graphql-sse) or as parts (Apollo Client).

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use futures::{StreamExt, future::BoxFuture};
use rand::RngExt;
use schema::ErrorCode;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::{
    accept::Streamed,
    answer::{Answer, VARY},
};
use crate::{
    App,
    live::{Frame, Frames, Subscription},
    prepare::Refusal,
};

/// The part of the time for draining in which streams are ended, so that not all clients come to the other replicas at once.
const DRAIN_SHARE: f64 = 0.6;

/// A stream on its way.
struct Stream {
    frames: Frames,
    form: Streamed,
    alive: Interval,
    expires_at: Option<Instant>,
    /// Over when the stream has to go, because the gateway does.
    drained: BoxFuture<'static, ()>,
    state: State,
}

enum State {
    Begin,
    Running,
    Ended,
}

/// A subscription as an answer. `answer` has the headers that were collected on the way.
pub fn of_subscription(app: &Arc<App>, subscription: Subscription, form: Streamed, answer: Answer) -> Response {
    let mut alive = tokio::time::interval(app.config.live.keep_alive);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    alive.reset();
    let expires_at = until(app, &subscription);
    let ending = Arc::clone(app);
    let drained = Box::pin(async move {
        ending.drained().await;
        tokio::time::sleep(drain_pause(&ending)).await;
    });
    let stream = Stream { frames: subscription.into_frames(), form, alive, expires_at, drained, state: State::Begin };
    let chunks = futures::stream::unfold(Box::new(stream), |mut stream| async move {
        let chunk = stream.next().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), stream))
    });
    with_headers(Body::from_stream(chunks), form, answer.headers)
}

/// One answer as a stream of one event, for clients that read nothing else.
pub fn of_answer(answer: Answer) -> Response {
    let headers = answer.headers.clone();
    let mut chunk = event(None, &answer.into_bytes());
    chunk.extend_from_slice(COMPLETE);
    with_headers(Body::from(chunk), Streamed::Events, headers)
}

/// When the token of a subscriber ends, on the clock of this process.
fn until(app: &App, subscription: &Subscription) -> Option<Instant> {
    let left = subscription.expires_at?.0 - app.clock.now();
    Some(Instant::now() + left.to_std().unwrap_or_default())
}

/// How long this stream waits before it goes away, once the gateway is about to end.
pub(super) fn drain_pause(app: &App) -> Duration {
    app.config.server.shutdown_grace.mul_f64(DRAIN_SHARE * rand::rng().random::<f64>())
}

const COMPLETE: &[u8] = b"event: complete\ndata: \n\n";

fn with_headers(body: Body, form: Streamed, headers: HeaderMap) -> Response {
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    let content_type = match form {
        Streamed::Events => "text/event-stream; charset=utf-8",
        Streamed::Multipart => "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0",
    };
    for (name, value) in
        [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache, no-transform"), (header::VARY, VARY)]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl Stream {
    /// The next bytes; none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        match self.state {
            State::Ended => return None,
            State::Begin => {
                self.state = State::Running;
                // At once, so that the client knows that it is connected.
                return Some(match self.form {
                    Streamed::Events => Bytes::from_static(b":\n\n"),
                    Streamed::Multipart => {
                        Bytes::from_static(b"\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql")
                    }
                });
            }
            State::Running => {}
        }
        let expires_at = self.expires_at;
        let expired = async {
            match expires_at {
                Some(moment) => tokio::time::sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = expired => {
                self.state = State::Ended;
                Some(self.fatal(ErrorCode::TokenExpired, "the access token has expired: get a new one and go on after the last cursor"))
            }
            frame = self.frames.next() => match frame {
                Some(Ok(frame)) => Some(self.chunk(&frame)),
                Some(Err(error)) => {
                    tracing::warn!(error = error.chain(), "a subscription had to end");
                    self.state = State::Ended;
                    Some(self.fatal(error.code(), "the subscription cannot go on at the moment: begin again after the last cursor"))
                }
                None => {
                    self.state = State::Ended;
                    Some(match self.form {
                        Streamed::Events => Bytes::from_static(COMPLETE),
                        Streamed::Multipart => Bytes::from_static(b"--\r\n"),
                    })
                }
            },
            _ = self.alive.tick() => Some(match self.form {
                Streamed::Events => Bytes::from_static(b":\n\n"),
                Streamed::Multipart => part(b"{}"),
            }),
            // Cut off without a word that it is complete: the client comes again, to another replica.
            () = &mut self.drained => {
                self.state = State::Ended;
                None
            }
        }
    }

    fn chunk(&self, frame: &Frame) -> Bytes {
        match self.form {
            Streamed::Events => event(frame.cursor.as_deref(), &frame.payload).into(),
            Streamed::Multipart => {
                let mut payload = Vec::with_capacity(frame.payload.len() + 16);
                payload.extend_from_slice(b"{\"payload\":");
                payload.extend_from_slice(&frame.payload);
                payload.push(b'}');
                part(&payload)
            }
        }
    }

    /// What ends a stream that cannot go on.
    fn fatal(&self, code: ErrorCode, message: &str) -> Bytes {
        let answer = Answer::refused(&Refusal::new(code, message), "").into_bytes();
        match self.form {
            Streamed::Events => {
                let mut chunk = event(None, &answer);
                chunk.extend_from_slice(COMPLETE);
                chunk.into()
            }
            Streamed::Multipart => {
                let mut payload = b"{\"payload\":null,".to_vec();
                payload.extend_from_slice(answer.strip_prefix(b"{").unwrap_or(&answer));
                let mut chunk = part(&payload).to_vec();
                chunk.extend_from_slice(b"--\r\n");
                chunk.into()
            }
        }
    }
}

/// An event with a payload, which is one line of JSON.
fn event(cursor: Option<&str>, payload: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(payload.len() + 128);
    if let Some(cursor) = cursor {
        chunk.extend_from_slice(b"id: ");
        chunk.extend_from_slice(cursor.as_bytes());
        chunk.push(b'\n');
    }
    chunk.extend_from_slice(b"event: next\ndata: ");
    chunk.extend_from_slice(payload);
    chunk.extend_from_slice(b"\n\n");
    chunk
}

/// A part, with the boundary after it: only then does a client read it.
fn part(payload: &[u8]) -> Bytes {
    let mut chunk = Vec::with_capacity(payload.len() + 64);
    chunk.extend_from_slice(b"\r\ncontent-type: application/json\r\n\r\n");
    chunk.extend_from_slice(payload);
    chunk.extend_from_slice(b"\r\n--graphql");
    chunk.into()
}
