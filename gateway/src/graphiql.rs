//! The explorer at `/graphiql`: a bundle inside the binary, nothing from outside. How it is built: `gateway/graphiql/build.sh`.

use std::io::Read;

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use flate2::read::GzDecoder;
use rust_embed::RustEmbed;

/// The files of the bundle, each compressed with gzip.
#[derive(RustEmbed)]
#[folder = "graphiql/dist"]
struct Bundle;

/// What the page may load and talk to: itself. Its editor sets styles of elements, hence the exception for styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
     img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and its assets.
pub fn router() -> Router {
    Router::new()
        .route("/graphiql", get(async |headers: HeaderMap| serve("index.html", &headers)))
        .route("/graphiql/", get(async || Redirect::permanent("/graphiql")))
        .route("/graphiql/{*path}", get(async |Path(path): Path<String>, headers: HeaderMap| serve(&path, &headers)))
}

fn serve(path: &str, headers: &HeaderMap) -> Response {
    let Some(file) = Bundle::get(&format!("{path}.gz")) else { return StatusCode::NOT_FOUND.into_response() };
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|part| part.trim().split(';').next() == Some("gzip")));
    let mut response = if takes_gzip {
        let mut response = Response::new(Body::from(file.data.into_owned()));
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        let mut plain = Vec::new();
        if GzDecoder::new(file.data.as_ref()).read_to_end(&mut plain).is_err() {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Response::new(Body::from(plain))
    };
    let set = [
        (header::CONTENT_TYPE, media_type(path)),
        // Names of assets hold their hash, the page's does not.
        (header::CACHE_CONTROL, if path == "index.html" { "no-cache" } else { "public, max-age=31536000, immutable" }),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::VARY, "Accept-Encoding"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in set {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("ttf") => "font/ttf",
        _ => "application/octet-stream",
    }
}
