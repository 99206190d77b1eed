//! Watches: the state first unless a `resourceVersion` says where to begin, then every change as the clock moves.

mod change;
mod cursor;

use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use serde_json::Value;

use super::{
    Openshift,
    accept::Form,
    list::event,
    query::{ListOptions, ResourceVersion},
    resource::Resource,
    selector::Selector,
    status::Refusal,
    version::Snapshot,
    world::StaleWatch,
};
use cursor::Cursor;

/// How often the clock is read. A manual clock may jump at any time, so no pause can be worked out beforehand.
const POLL: Duration = Duration::from_millis(50);

/// A real one closes after 30 to 60 minutes.
const LIFE: Duration = Duration::from_secs(45 * 60);

const HALF_A_LINE: &[u8] = br#"{"type":"MODIFIED","object":{"metadata":{"na"#;

/// What is watched, and how.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) resource: &'static Resource,
    pub(super) namespace: Option<String>,
    pub(super) selector: Selector,
    pub(super) form: Form,
    pub(super) wants_bookmarks: bool,
}

struct Stream {
    state: Openshift,
    /// How often watches had been cut when it began.
    cuts: u64,
    is_cut: bool,
    cursor: Cursor,
    ready: VecDeque<Value>,
    ends_at: Instant,
    has_said_goodbye: bool,
}

pub(super) fn answer(
    state: &Openshift,
    resource: &'static Resource,
    namespace: Option<&str>,
    (options, form): (&ListOptions, Form),
) -> Result<Response, Refusal> {
    let watched = Watched {
        resource,
        namespace: namespace.map(str::to_owned),
        selector: Selector::of(options, resource)?,
        form,
        wants_bookmarks: options.wants_bookmarks,
    };
    let life = options.timeout_seconds.filter(|seconds| *seconds > 0).map_or(LIFE, Duration::from_secs);
    let now = state.snapshot();
    let wants_state = options.wants_initial_events == Some(true);
    let (cursor, first) = match options.resource_version {
        ResourceVersion::Number(number) if !wants_state => match start(state, number, now) {
            Ok(from) => (Cursor::from(state.clone(), watched, from), Vec::new()),
            Err(Stale::AtOnce(refusal)) => return Err(refusal),
            Err(Stale::Inside(refusal)) => return Ok(body(stream::iter([line(&event("ERROR", refusal.to_json()))]))),
        },
        _ => {
            let is_wanted = options.wants_initial_events != Some(false);
            let (cursor, mut first) = Cursor::with_state(state.clone(), watched, now);
            if !is_wanted {
                first.clear();
            } else if wants_state {
                first.extend(cursor.initial_events_end());
            }
            (cursor, first)
        }
    };
    let ends_at = Instant::now() + life;
    let (cuts, state) = (state.cuts(), state.clone());
    let start = Stream { state, cuts, is_cut: false, cursor, ready: first.into(), ends_at, has_said_goodbye: false };
    Ok(body(stream::unfold(start, next)))
}

async fn next(mut stream: Stream) -> Option<(Result<Bytes, io::Error>, Stream)> {
    loop {
        if stream.is_cut {
            // The half line must have left before the connection breaks.
            tokio::time::sleep(POLL).await;
            return Some((Err(io::ErrorKind::ConnectionReset.into()), stream));
        }
        if stream.state.cuts() != stream.cuts {
            // Half a line, which nobody may take for an event.
            stream.is_cut = true;
            return Some((Ok(Bytes::from_static(HALF_A_LINE)), stream));
        }
        if let Some(event) = stream.ready.pop_front() {
            return Some((line(&event), stream));
        }
        if stream.has_said_goodbye {
            return None;
        }
        let left = stream.ends_at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // The last word tells where to go on from.
            stream.ready.extend(stream.cursor.advance());
            stream.ready.extend(stream.cursor.bookmark());
            stream.has_said_goodbye = true;
            continue;
        }
        stream.ready.extend(stream.cursor.advance());
        if stream.ready.is_empty() {
            tokio::time::sleep(POLL.min(left)).await;
        }
    }
}

enum Stale {
    AtOnce(Refusal),
    Inside(Refusal),
}

fn start(state: &Openshift, number: u64, now: Snapshot) -> Result<Snapshot, Stale> {
    let world = state.world();
    if number > now.number() {
        return Err(Stale::AtOnce(Refusal::too_large(number, now.number())));
    }
    let from = Snapshot::from_number(number);
    if now.at - from.at <= world.watch_expired_after {
        return Ok(from);
    }
    let oldest = Snapshot::new(now.at - world.watch_expired_after, 0).number();
    let refusal = Refusal::expired(format!("too old resource version: {number} ({oldest})"), None);
    Err(match world.stale_watch {
        StaleWatch::Gone => Stale::AtOnce(refusal),
        StaleWatch::ErrorEvent => Stale::Inside(refusal),
    })
}

fn line(event: &Value) -> Result<Bytes, io::Error> {
    Ok(Bytes::from(format!("{event}\n")))
}

fn body(lines: impl stream::Stream<Item = Result<Bytes, io::Error>> + Send + 'static) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(lines)).into_response()
}
