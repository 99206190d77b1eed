//! CORS: an exact list of origins, no wildcard, no echo, no credentials.

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::CorsConfig;

/// The layer for the configured origins; other origins get no CORS header at all.
pub fn layer(config: &CorsConfig) -> CorsLayer {
    let origins: Vec<HeaderValue> =
        config.allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    let name = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            header::CACHE_CONTROL,
            name("x-request-id"),
            name("traceparent"),
            name("tracestate"),
            name("apollographql-client-name"),
            name("apollographql-client-version"),
            name("graphql-client-name"),
            name("graphql-client-version"),
            name("x-query-cost"),
            name("x-query-receipts"),
            name("x-query-cursor"),
            name("last-event-id"),
            header::IF_NONE_MATCH,
        ])
        .expose_headers([
            name("x-request-id"),
            name("ratelimit"),
            name("ratelimit-policy"),
            header::RETRY_AFTER,
            header::ETAG,
            header::AGE,
        ])
        .max_age(std::time::Duration::from_secs(600))
}
