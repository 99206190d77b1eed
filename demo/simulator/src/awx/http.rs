//! The headers on every answer, and the redirect of an address without its closing slash.

use std::time::Instant;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{VERSION, auth::SignedIn};

const CREATABLE: [&str; 10] = [
    "organizations",
    "teams",
    "projects",
    "inventories",
    "schedules",
    "job_templates",
    "workflow_job_templates",
    "hosts",
    "users",
    "tokens",
];

pub(super) async fn headers(request: Request, next: Next) -> Response {
    // The elapsed time is measured by the machine's own clock: it says how long the work took, whatever the clock shows.
    let (began, allow) = (Instant::now(), allow(request.uri().path()));
    let mut response = next.run(request).await;
    let is_signed_in = response.extensions().get::<SignedIn>().is_some();
    let elapsed = format!("{:.3}s", began.elapsed().as_secs_f64());
    let vary = if is_signed_in { "Accept, Accept-Language, origin" } else { "Accept, Cookie, Accept-Language, origin" };
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    set("vary", vary);
    set("allow", allow);
    set("x-api-product-name", "AWX");
    set("x-api-node", "awx-web-1");
    set("x-api-time", &elapsed);
    set("x-api-total-time", &elapsed);
    if is_signed_in {
        set("x-api-product-version", VERSION);
    }
    response
}

/// 301 to the same address with the slash; a client that then drops its credentials is the client's affair.
pub(super) async fn add_slash(uri: Uri) -> Response {
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let location = format!("{}/{query}", uri.path());
    let headers = [(header::LOCATION, location), (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned())];
    (StatusCode::MOVED_PERMANENTLY, headers, Body::empty()).into_response()
}

/// What the real system would let an administrator do there.
fn allow(path: &str) -> &'static str {
    let mut parts = path.trim_matches('/').split('/').skip_while(|part| *part != "v2").skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(kind), None, _) if CREATABLE.contains(&kind) => "GET, POST, HEAD, OPTIONS",
        (Some(kind), Some(_), None) if CREATABLE.contains(&kind) => "GET, PUT, PATCH, DELETE, HEAD, OPTIONS",
        (Some("jobs" | "workflow_jobs"), Some(_), None) => "GET, DELETE, HEAD, OPTIONS",
        _ => "GET, HEAD, OPTIONS",
    }
}
