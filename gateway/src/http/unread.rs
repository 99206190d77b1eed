//! A refusal that comes before the end of the body: the rest is not read, so the connection ends with it, and says so.
//! Otherwise the client would send its next request over a connection that is gone.

use axum::{
    body::HttpBody,
    extract::Request,
    http::{HeaderValue, Version, header},
    response::Response,
};

/// Shorter bodies have arrived with the headers, or are read before the next request.
const READ_BYTES: u64 = 8 * 1024;

/// Announces the end of the connection where much of the body may be left unread. HTTP/2 has streams for that.
pub async fn announced<A: Future<Output = Response>>(request: Request, answer: impl FnOnce(Request) -> A) -> Response {
    let is_long = request.body().size_hint().upper().is_none_or(|bytes| bytes > READ_BYTES);
    let is_shared = request.version() >= Version::HTTP_2;
    let mut response = answer(request).await;
    if is_long && !is_shared && !response.status().is_success() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
