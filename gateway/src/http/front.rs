//! The first look at a request of the public listener: an operation that names no `Origin` goes straight to the handler of `/graphql`,
//! and everything else through the router.
//!
//! The router boxes each of its layers and copies all of them for every request, which takes as long as to find an answer that is kept.

use std::{convert::Infallible, net::SocketAddr, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::{Body, HttpBody},
    http::{HeaderMap, HeaderValue, Method, Request, header},
    response::Response,
};
use futures::FutureExt;
use hyper::body::Incoming;
use tower::{Layer, ServiceExt, service_fn};

use super::{COMPRESSED_FROM, RequestId, answer, compression, graphql, problem, request_id, websocket};
use crate::{
    App,
    listener::{Handler, Place},
};

/// [`answer::VARY`], and the origin.
const VARY_BY_ORIGIN: &str = "Accept, Accept-Encoding, Authorization, Origin";

/// Answers the requests of the public listener. Clones share everything.
#[derive(Clone)]
pub struct Front {
    app: Arc<App>,
    router: Router,
}

impl Front {
    /// A front of this router.
    pub(super) fn new(app: Arc<App>, router: Router) -> Self {
        Self { app, router }
    }
}

impl Handler for Front {
    fn handle(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        place: &Place,
    ) -> Pin<Box<dyn Future<Output = Response> + Send>> {
        if is_direct(&request) {
            return Box::pin(direct(Arc::clone(&self.app), peer, request.map(Body::new)));
        }
        self.router.handle(request, peer, place)
    }
}

/// Whether the router's layers would do no more for it than is done here: answers to pages of other origins are theirs, preflights, what
/// has no body, and WebSockets.
fn is_direct<B>(request: &Request<B>) -> bool {
    request.uri().path() == "/graphql"
        && matches!(*request.method(), Method::GET | Method::POST)
        && !request.headers().contains_key(header::ORIGIN)
        && !websocket::is_asked(request)
}

async fn direct(app: Arc<App>, peer: SocketAddr, request: Request<Body>) -> Response {
    let guarded = |request, id| guarded(app, peer, request, id);
    let mut response = request_id::attached(request, guarded).await;
    tell_origin(response.headers_mut());
    response
}

/// Says that with an origin it would be told who may read it.
fn tell_origin(headers: &mut HeaderMap) {
    match headers.get_mut(header::VARY) {
        // One line in place of two, as all answers but a few have it.
        Some(told) if *told == answer::VARY => *told = HeaderValue::from_static(VARY_BY_ORIGIN),
        _ => {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
    }
}

/// A panic is a 500 for one caller, and large answers are compressed.
async fn guarded(app: Arc<App>, peer: SocketAddr, request: Request<Body>, id: RequestId) -> Response {
    let accepted: Vec<HeaderValue> = request.headers().get_all(header::ACCEPT_ENCODING).iter().cloned().collect();
    // On the heap, because each step around it moves what it waits for.
    let answering = AssertUnwindSafe(Box::pin(graphql::answer(&app, peer, &id, request))).catch_unwind();
    let response = answering.await.unwrap_or_else(problem::panicked);
    if accepted.is_empty() || !is_long(&response) {
        return response;
    }
    Box::pin(compressed(accepted, response)).await
}

/// Whether it may be worth compressing, by the length that it tells; a kept answer may be compressed already.
fn is_long(response: &Response) -> bool {
    let is_plain = !response.headers().contains_key(header::CONTENT_ENCODING);
    is_plain && response.body().size_hint().upper().is_none_or(|bytes| bytes >= COMPRESSED_FROM)
}

/// What the router's layer makes of an answer. Only where it may make something of it: its encoders are kilobytes, which would be moved
/// with every answer.
async fn compressed(accepted: Vec<HeaderValue>, response: Response) -> Response {
    let mut asked = Request::new(());
    asked.headers_mut().extend(accepted.into_iter().map(|value| (header::ACCEPT_ENCODING, value)));
    let mut response = Some(response);
    let answered =
        service_fn(move |_: Request<()>| std::future::ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    match compression().layer(answered).oneshot(asked).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::*;

    #[test]
    fn every_answer_may_depend_on_the_origin() {
        let told = |values: &[&'static str]| {
            let values = values.iter().map(|value| (header::VARY, HeaderValue::from_static(value)));
            let mut headers = HeaderMap::new();
            headers.extend(values);
            tell_origin(&mut headers);
            headers.get_all(header::VARY).iter().cloned().collect::<Vec<_>>()
        };
        assert_eq!(told(&[answer::VARY]), ["Accept, Accept-Encoding, Authorization, Origin"]);
        assert_eq!(VARY_BY_ORIGIN, format!("{}, Origin", answer::VARY));
        assert_eq!(told(&[]), ["Origin"]);
        assert_eq!(told(&["Accept"]), ["Accept", "Origin"]);
    }

    #[test]
    fn what_the_routers_layers_are_for_goes_to_the_router() {
        let asked = |method: Method, path: &'static str, headers: &[(header::HeaderName, &'static str)]| {
            let mut request = Request::new(());
            *request.method_mut() = method;
            *request.uri_mut() = Uri::from_static(path);
            for (name, value) in headers {
                request.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            is_direct(&request)
        };
        assert!(asked(Method::POST, "/graphql", &[]) && asked(Method::GET, "/graphql?query=%7Ba%7D", &[]));
        for method in [Method::OPTIONS, Method::HEAD, Method::PUT] {
            assert!(!asked(method, "/graphql", &[]));
        }
        assert!(!asked(Method::GET, "/graphql/", &[]));
        assert!(!asked(Method::GET, "/livez", &[]));
        assert!(!asked(Method::POST, "/graphql", &[(header::ORIGIN, "https://portal.example.com")]));
        assert!(!asked(Method::GET, "/graphql", &[(header::UPGRADE, "websocket")]));
    }
}
