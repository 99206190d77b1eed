//! Entra: the token endpoint for client credentials, and the documents that lead identity libraries to it.

mod refusal;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Extension, Form,
    extract::{Path, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

use super::{
    Azure, CLIENT_ID,
    call::Call,
    error::{answer, ok},
    token,
};
use refusal::Refusal;

type Fields = Vec<(String, String)>;

pub(super) async fn token(
    State(azure): State<Azure>,
    Extension(call): Extension<Call>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let fields = form.map(|Form(fields)| fields).unwrap_or_default();
    match grant(&azure, &tenant, &headers, &fields) {
        Ok(audience) => {
            let seconds = azure.world().limits.token_life.num_seconds();
            ok(&json!({
                "token_type": "Bearer",
                "expires_in": seconds,
                "ext_expires_in": seconds,
                "access_token": token::issue(&azure, &audience),
            }))
        }
        Err(refusal) => answer(refusal.status, &refusal.body(&call, azure.now())),
    }
}

/// What the token will be for.
fn grant(azure: &Azure, tenant: &str, headers: &HeaderMap, fields: &Fields) -> Result<String, Refusal> {
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let needed =
        |name: &'static str| field(name).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::missing(name));
    if !tenant.eq_ignore_ascii_case(&azure.world().tenant_id) {
        return Err(Refusal::unknown_tenant(tenant));
    }
    let grant_type = needed("grant_type")?;
    if grant_type != "client_credentials" {
        return Err(Refusal::grant_type(grant_type));
    }
    let (client, secret) = match basic(headers) {
        Some(pair) => pair,
        None => (needed("client_id")?.to_owned(), field("client_secret").ok_or_else(Refusal::no_secret)?.to_owned()),
    };
    if client != CLIENT_ID {
        return Err(Refusal::unknown_client(&client));
    }
    if verify_slices_are_equal(secret.as_bytes(), azure.client_secret().as_bytes()).is_err() {
        return Err(Refusal::wrong_secret(&client));
    }
    let scope = needed("scope")?;
    // "https://management.azure.com//.default" asks for the audience with the slash at its end.
    let audience = scope.strip_suffix("/.default").filter(|audience| !audience.is_empty() && !audience.contains(' '));
    audience.map(str::to_owned).ok_or_else(|| Refusal::scope(scope))
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    text.split_once(':').map(|(client, secret)| (client.to_owned(), secret.to_owned()))
}

pub(super) async fn configuration(
    State(azure): State<Azure>,
    Extension(call): Extension<Call>,
    Path(tenant): Path<String>,
) -> Response {
    if !tenant.eq_ignore_ascii_case(&azure.world().tenant_id) {
        let refusal = Refusal::unknown_tenant(&tenant);
        return answer(StatusCode::BAD_REQUEST, &refusal.body(&call, azure.now()));
    }
    let base = format!("{}/{tenant}", call.base);
    ok(&json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{base}/v2.0"),
        "request_uri_parameter_supported": false,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "http_logout_supported": true,
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": host(&call.base),
        "msgraph_host": "graph.microsoft.com",
    }))
}

/// Empty: access tokens are for Azure alone to read, and there are no others here.
pub(super) async fn keys() -> Response {
    ok(&json!({ "keys": [] }))
}

/// Tells an identity library that this authority is a real one.
pub(super) async fn instance(State(azure): State<Azure>, Extension(call): Extension<Call>) -> Response {
    let (host, tenant) = (host(&call.base), azure.world().tenant_id.clone());
    ok(&json!({
        "tenant_discovery_endpoint": format!("{}/{tenant}/v2.0/.well-known/openid-configuration", call.base),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}

fn host(base: &str) -> String {
    base.rsplit('/').next().unwrap_or(base).to_owned()
}
