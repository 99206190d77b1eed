//! The public listener: routes and the middleware around them. Every answer on `/graphql` is GraphQL-shaped JSON.

mod accept;
mod admin;
mod answer;
mod body;
mod charging;
mod composed;
mod cors;
mod documents;
mod front;
mod graphql;
mod keeping;
mod named;
mod pieces;
mod problem;
mod request_id;
mod schema;
mod stream;
mod unread;
mod webhooks;
mod websocket;
mod wishes;

use std::sync::Arc;

use axum::{Router, middleware, routing::any};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
};

use crate::{App, graphiql};

pub use admin::admin_router;
pub use answer::{Answer, BEGUN};
pub use front::Front;
pub use request_id::RequestId;
#[cfg(test)]
pub(crate) use request_id::within_request;
pub(crate) use request_id::{SPAN_TARGET, told_of_current};

/// Shorter answers fit into a packet as they are.
const COMPRESSED_FROM: u64 = 1024;

/// What is compressed: no stream, which would be held back until there is enough of it, and no short answer.
fn compression() -> CompressionLayer<impl Predicate> {
    let streams = NotForContentType::const_new("text/event-stream");
    let worth = SizeAbove::new(COMPRESSED_FROM).and(streams).and(NotForContentType::const_new("multipart/mixed"));
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(worth)
}

/// What clients reach.
pub fn front(app: Arc<App>) -> Front {
    Front::new(Arc::clone(&app), router(app))
}

/// The routes that clients reach, and the middleware around all of them, outermost first.
fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/graphql", any(graphql::serve))
        .route("/schema.graphql", any(schema::serve))
        .layer(compression())
        .route("/livez", any(admin::livez))
        .route("/readyz", any(admin::readyz_bare))
        .with_state(Arc::clone(&app));
    if app.config.server.graphiql {
        router = router.merge(graphiql::router());
    }
    let router = router
        .fallback(problem::not_found)
        // As one layer: the router boxes each by itself, and copies all boxes within it for every request.
        .layer((
            // Outermost, so that every answer carries the id that the log has.
            middleware::from_fn(request_id::attach),
            // Exact origins only; preflights are answered here and go no further.
            cors::layer(&app.config.server.cors),
            // A panic in a handler is a 500 for one caller; the process lives.
            tower_http::catch_panic::CatchPanicLayer::custom(problem::panicked),
        ));
    // Beside the others, because no browser sends these, and the layer for browsers would answer every OPTIONS itself.
    router.merge(webhooks::router(app).layer((
        middleware::from_fn(request_id::attach),
        tower_http::catch_panic::CatchPanicLayer::custom(problem::panicked),
    )))
}
