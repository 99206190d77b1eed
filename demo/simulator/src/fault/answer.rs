//! What each fault puts on the wire.

use std::{io, time::Duration};

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};
use serde_json::json;

use super::{Fault, shape};
use crate::{Upstream, seed::draw, server::DropConnection};

/// The largest honest answer a fault reads in order to spoil it.
const BODY_BYTES_MAX: usize = 64 << 20;

const CHUNK_BYTES: usize = 64 << 10;

const SIGN_IN: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
                       <body><h1>Sign in to continue</h1></body></html>\n";

/// Answers `request` the way `fault` says; `next` is the honest handler.
pub(crate) async fn answer(
    upstream: Upstream,
    now: DateTime<Utc>,
    fault: Fault,
    request: Request,
    next: Next,
) -> Response {
    match fault {
        Fault::Latency { delay_ms } => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            next.run(request).await
        }
        Fault::LatencySpread { min_ms, max_ms } => {
            // A long tail: the cube of an even draw.
            let share = (draw(request.uri().path(), &now.timestamp_micros().to_string()) % 1_000) as f64 / 1_000.0;
            let spread = max_ms.saturating_sub(min_ms) as f64 * share.powi(3);
            tokio::time::sleep(Duration::from_millis(min_ms + spread as u64)).await;
            next.run(request).await
        }
        Fault::ExpiredToken => shape::unauthorized(upstream),
        Fault::Garbage => {
            let bytes: Vec<u8> = (0..=255).cycle().take(2_048).collect();
            ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
        }
        Fault::Throttled { retry_after_seconds } => {
            shape::throttled(upstream, retry_after_seconds.map(Duration::from_secs), None, now)
        }
        Fault::Status { code } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, format!("{status}\n")).into_response()
        }
        Fault::Html => Html(SIGN_IN).into_response(),
        Fault::Hang => std::future::pending().await,
        Fault::Drop | Fault::Refuse => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(DropConnection);
            response
        }
        Fault::TruncatedJson => respoil(next.run(request).await, |body| Body::from(first_half(&body))).await,
        Fault::BrokenBody => respoil(next.run(request).await, broken).await,
        Fault::Drip { pause_ms } => {
            respoil(next.run(request).await, |body| drip(body, Duration::from_millis(pause_ms))).await
        }
        Fault::HugeBody { body_bytes } => {
            ([(header::CONTENT_TYPE, "application/json")], huge(body_bytes)).into_response()
        }
        Fault::WrongContentType => {
            let mut response = next.run(request).await;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            response
        }
        Fault::Redirect { location } => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Fault::DeepJson { depth } => {
            let body = format!("{{\"data\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Fault::GraphqlErrors { message } => Json(json!({ "errors": [{ "message": message }] })).into_response(),
    }
}

/// Keeps status and headers, and replaces the body by what `spoil` makes of it.
async fn respoil(response: Response, spoil: impl FnOnce(Bytes) -> Body) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    // It told the honest length.
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, spoil(body))
}

fn first_half(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

fn broken(body: Bytes) -> Body {
    let half = stream::once(std::future::ready(Ok(first_half(&body))));
    // The pause lets the half reach the caller before the connection goes.
    let failure = stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Body::from_stream(half.chain(failure))
}

fn drip(body: Bytes, pause: Duration) -> Body {
    let pieces: Vec<Bytes> = body.chunks(16).map(|piece| body.slice_ref(piece)).collect();
    Body::from_stream(stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, io::Error>(piece)
    }))
}

fn huge(body_bytes: u64) -> Body {
    let (head, tail) = ("{\"data\":\"", "\"}");
    let filling = body_bytes.saturating_sub((head.len() + tail.len()) as u64);
    let (whole, rest) = (filling / CHUNK_BYTES as u64, filling % CHUNK_BYTES as u64);
    let (whole, rest) = (usize::try_from(whole).unwrap_or(usize::MAX), usize::try_from(rest).unwrap_or(0));
    let chunk = Bytes::from(vec![b'x'; CHUNK_BYTES]);
    let rest = chunk.slice(..rest);
    let pieces = stream::repeat(chunk).take(whole);
    let head = stream::iter([Bytes::from_static(head.as_bytes()), rest]);
    let tail = stream::iter([Bytes::from_static(tail.as_bytes())]);
    Body::from_stream(head.chain(pieces).chain(tail).map(Ok::<_, io::Error>))
}
