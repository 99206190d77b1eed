//! `Subscription`: answers on their way to one client, wherever they come from.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::stream::BoxStream;
use schema::DateTime;
use sources::SourceError;

use super::Subscriber;

/// Something for the client.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The answer.
    pub payload: Bytes,
    /// Continue after it with this; none where what comes has no places, such as a team's own events.
    pub cursor: Option<Arc<str>>,
}

/// Everything that comes. An error ends it: it cannot go on now. Waiting for the next can be given up without harm.
pub type Frames = BoxStream<'static, Result<Frame, SourceError>>;

/// One subscription that has begun.
pub struct Subscription {
    /// Never locked: a request that holds it may be looked at from several threads, and a stream may not.
    frames: Mutex<Frames>,
    /// The cursor from which it goes on at its beginning.
    pub cursor: Option<Arc<str>>,
    /// When the token ends of who began it; none where it does not.
    pub expires_at: Option<DateTime>,
    /// What subgraphs are told of who began it; none where it reaches none.
    pub told: Option<String>,
}

impl Subscription {
    /// Events of a subgraph, which was told this of the caller.
    pub fn forwarded(frames: Frames, told: String, expires_at: Option<DateTime>) -> Self {
        Self { frames: Mutex::new(frames), cursor: None, expires_at, told: Some(told) }
    }

    /// What comes.
    pub fn into_frames(self) -> Frames {
        self.frames.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Subscriber> for Subscription {
    fn from(subscriber: Subscriber) -> Self {
        let (cursor, expires_at) = (subscriber.cursor(), subscriber.expires_at());
        let told = subscriber.told().map(str::to_owned);
        Self { frames: Mutex::new(subscriber.into_stream()), cursor, expires_at, told }
    }
}
