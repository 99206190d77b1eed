//! `GET /schema.graphql`: the SDL, for whoever may read the schema.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
    response::Response,
};

use super::problem::problem;
use crate::App;

/// Answers one request.
pub async fn serve(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "use GET");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let authorization = request.headers().get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let principal = match app.authenticator.authenticate(authorization).await {
        Ok(principal) => principal,
        Err(error) => {
            let status = StatusCode::from_u16(error.code().http_status()).unwrap_or(StatusCode::UNAUTHORIZED);
            let mut response = problem(status, &error.to_string());
            if let Some(challenge) = error.challenge() {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            return response;
        }
    };
    if !app.config.server.introspection.allows(principal.visibility()) {
        return problem(StatusCode::FORBIDDEN, "you may not read the schema here");
    }
    let mut response = Response::new(Body::from(match app.federation.current() {
        Some(supergraph) => supergraph.public_sdl.clone(),
        None => resolvers::sdl::public(),
    }));
    headers(response.headers_mut());
    response
}

fn headers(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding, Authorization"));
}
