//! Request ids and trace context: taken over from the caller where they are well formed, else minted.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::{Uuid, fmt::Hyphenated};

use super::unread;

/// Longest id that is taken over, in bytes.
const ID_BYTES_MAX: usize = 128;
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The name under which the span of a request is let through or not: lines that are objects have its fields from [`told_of_current`].
pub(crate) const SPAN_TARGET: &str = "weft.request";

/// The id of a request, as the log and `extensions.requestId` have it.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// What each line within a request tells of it.
struct Current {
    request_id: RequestId,
    trace_id: Option<String>,
}

tokio::task_local! {
    static CURRENT: Current;
}

/// Tells the id of the request that this task works for and the id of its trace, where it has one; nothing outside of requests. A span
/// of the library's knows them too, but to make, enter and leave it takes a fortieth of what it costs to answer a small request.
pub(crate) fn told_of_current(tell: impl FnOnce(&str, Option<&str>)) {
    // Outside of requests there is none.
    let _ = CURRENT.try_with(|current| tell(&current.request_id.0, current.trace_id.as_deref()));
}

/// Does something as if it were for this request.
#[cfg(test)]
pub(crate) fn within_request(request_id: &str, trace_id: Option<&str>, act: impl FnOnce()) {
    let current = Current { request_id: RequestId(request_id.into()), trace_id: trace_id.map(str::to_owned) };
    CURRENT.sync_scope(current, act);
}

/// [`attached`] as a middleware. One: each costs every request an allocation and a copy of all the layers within.
pub async fn attach(request: Request, next: Next) -> Response {
    attached(request, |mut request: Request, id| {
        request.extensions_mut().insert(id);
        next.run(request)
    })
    .await
}

/// Gives the request its id, its span and the headers that every answer has, and announces what is left unread of it.
pub async fn attached<A: Future<Output = Response>>(
    request: Request,
    answer: impl FnOnce(Request, RequestId) -> A,
) -> Response {
    let id = of_headers(request.headers()).unwrap_or_else(minted);
    let trace_id = trace_id(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    // Texts as they are: what is formatted first costs several times as much.
    let span = tracing::info_span!(target: SPAN_TARGET, "weft.http.request", request_id = &*id.0, trace_id = trace_id.as_deref());
    let current = Current { request_id: id.clone(), trace_id: trace_id.clone() };
    let started = Instant::now();
    let answer = unread::announced(request, |request| answer(request, id.clone()));
    let response = CURRENT.scope(current, answer).instrument(span).await;
    // Outside the span: a line within one reads its fields back from text, which costs as much as the rest of the line.
    let status = response.status();
    // What is refused because too much is asked is counted, not told one by one: there may be thousands a second.
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
        && !tracing::enabled!(tracing::Level::DEBUG)
    {
        return with_id(response, &id);
    }
    tracing::info!(
        request_id = &*id.0,
        trace_id = trace_id.as_deref(),
        method = method.as_str(),
        path = path.as_str(),
        status = status.as_u16(),
        took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        // As a text, not as a format of one, which would be written before it is copied.
        message = "answered",
    );
    with_id(response, &id)
}

fn with_id(mut response: Response, id: &RequestId) -> Response {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID.clone(), value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn minted() -> RequestId {
    let mut text = [0; Hyphenated::LENGTH];
    RequestId(Arc::from(&*Uuid::now_v7().hyphenated().encode_lower(&mut text)))
}

fn of_headers(headers: &HeaderMap) -> Option<RequestId> {
    let id = headers.get(&REQUEST_ID)?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'=');
    (!id.is_empty() && id.len() <= ID_BYTES_MAX && id.bytes().all(is_plain)).then(|| RequestId(id.into()))
}

/// The trace id of a well-formed `traceparent`; a malformed one is ignored.
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(&TRACEPARENT)?.to_str().ok()?;
    let parts: Vec<&str> = value.split('-').collect();
    let [version, trace, parent, flags, ..] = parts.as_slice() else { return None };
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let is_sound = is_hex(version, 2)
        && *version != "ff"
        && (*version != "00" || parts.len() == 4)
        && is_hex(trace, 32)
        && trace.bytes().any(|byte| byte != b'0')
        && is_hex(parent, 16)
        && parent.bytes().any(|byte| byte != b'0')
        && is_hex(flags, 2);
    is_sound.then(|| (*trace).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_trace_context_is_continued() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT.clone(), HeaderValue::from_str(value).unwrap());
            trace_id(&headers)
        };
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(read(&format!("00-{trace}-b7ad6b7169203331-01")), Some(trace.to_owned()));
        for value in [
            "",
            "00",
            &format!("00-{trace}-b7ad6b7169203331-01-x"),
            &format!("ff-{trace}-b7ad6b7169203331-01"),
            &format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            &format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()),
        ] {
            assert_eq!(read(value), None, "{value} was continued");
        }
    }
}
