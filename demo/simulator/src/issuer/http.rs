//! The issuer's three endpoints.

use std::{
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Algorithm, Claims, Client, Issuer};

/// Short, as real issuers that rotate advise; a verifier must cope with any value.
const JWKS_CACHE_CONTROL: &str = "public, max-age=300";

pub(crate) fn router(issuer: Issuer) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/token", post(token))
        .with_state(issuer)
}

async fn discovery(State(issuer): State<Issuer>) -> Json<Value> {
    issuer.0.discovery_fetches.fetch_add(1, Ordering::Relaxed);
    let url = issuer.url();
    Json(json!({
        "issuer": url,
        "jwks_uri": format!("{url}/jwks"),
        "token_endpoint": format!("{url}/token"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::name),
        "claims_supported": ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "tenant", "groups", "scope"],
    }))
}

async fn jwks(State(issuer): State<Issuer>) -> Response {
    issuer.0.jwks_fetches.fetch_add(1, Ordering::Relaxed);
    let keys = issuer.0.keys.read().unwrap_or_else(PoisonError::into_inner).jwks();
    ([(header::CACHE_CONTROL, JWKS_CACHE_CONTROL)], Json(keys)).into_response()
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    /// Our own, for tests of what happens at the end: seconds that the token lives, if that is shorter than it would.
    lifetime: Option<u64>,
}

async fn token(State(issuer): State<Issuer>, headers: HeaderMap, Form(request): Form<TokenRequest>) -> Response {
    if request.grant_type != "client_credentials" {
        return refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let credentials = basic(&headers).or(request.client_id.zip(request.client_secret));
    let Some(client) = credentials.and_then(|(id, secret)| find(&issuer.0.clients, &id, &secret)) else {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let asked = request.lifetime.map_or(Duration::MAX, Duration::from_secs);
    let claims = Claims { lifetime: asked.min(client.claims.lifetime), ..client.claims.clone() };
    let answer = json!({
        "access_token": issuer.token(&claims),
        "token_type": "Bearer",
        "expires_in": claims.lifetime.as_secs(),
        "scope": claims.scopes.join(" "),
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn find<'a>(clients: &'a [Client], id: &str, secret: &str) -> Option<&'a Client> {
    let client = clients.iter().find(|client| client.id == id)?;
    verify_slices_are_equal(client.secret.as_bytes(), secret.as_bytes()).is_ok().then_some(client)
}

/// The pair in `Authorization: Basic …`, which OAuth lets a client use instead of the form.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    pair.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

fn refusal(status: StatusCode, error: &str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "error": error }))).into_response()
}
