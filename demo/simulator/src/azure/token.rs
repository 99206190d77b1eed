//! Access tokens: signed, so that nothing has to be remembered and a token outlives a restart, as a real one does.

use aws_lc_rs::hmac;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Azure, CLIENT_ID, call::Call, error::refuse, ids::guid, time::for_people};

/// The names Azure Resource Manager goes by in a token's `aud`; the simulator's own address counts as well.
const AUDIENCES: [&str; 3] =
    ["https://management.azure.com", "https://management.core.windows.net", "https://management.usgovcloudapi.net"];

/// A token for `audience`, good from now on.
pub(super) fn issue(azure: &Azure, audience: &str) -> String {
    let (world, now) = (azure.world(), azure.now());
    let tenant = &world.tenant_id;
    let issuer = format!("https://sts.windows.net/{tenant}/");
    let object = guid(&format!("{CLIENT_ID} principal"));
    let claims = json!({
        "aud": audience,
        "iss": issuer,
        "iat": now.timestamp(),
        "nbf": now.timestamp(),
        "exp": (now + world.limits.token_life).timestamp(),
        "appid": CLIENT_ID,
        "appidacr": "1",
        "idp": issuer,
        "idtyp": "app",
        "oid": object,
        "sub": object,
        "tid": tenant,
        "uti": azure.next_answer().to_string(),
        "ver": "1.0",
    });
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&json!({ "typ": "JWT", "alg": "HS256" })), encode(&claims));
    let signature = hmac::sign(&key(azure), signed.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// Refuses a call whose token is absent, made up, for somebody else, or past its end.
pub(super) fn check(azure: &Azure, call: &Call, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let Some(sent) = headers.get(header::AUTHORIZATION) else {
        let message = "Authentication failed. The 'Authorization' header is missing.";
        return Err(unauthorized(azure, call, "AuthenticationFailed", message));
    };
    let invalid = || unauthorized(azure, call, "InvalidAuthenticationToken", "The access token is invalid.");
    let token = sent.to_str().ok().and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).ok_or_else(invalid)?.1;
    let claims = verified(azure, token.trim()).ok_or_else(invalid)?;
    let audience = claims.get("aud").and_then(Value::as_str).unwrap_or_default();
    if !is_ours(call, audience) {
        let message = format!(
            "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match \
             with one of the allowed audiences '{}/'.",
            AUDIENCES.join("/','")
        );
        return Err(unauthorized(azure, call, "InvalidAuthenticationTokenAudience", &message));
    }
    let ends_at = claims.get("exp").and_then(Value::as_i64).and_then(|at| DateTime::from_timestamp(at, 0));
    match ends_at {
        Some(ends_at) if azure.now() < ends_at => Ok(()),
        ends_at => Err(expired(azure, call, ends_at.unwrap_or_default())),
    }
}

/// What is wrong with the token of a call to storage, which is another audience than Resource Manager.
pub(super) fn check_storage(azure: &Azure, headers: &HeaderMap) -> Result<(), &'static str> {
    let sent = headers.get(header::AUTHORIZATION).and_then(|sent| sent.to_str().ok()?.strip_prefix("Bearer "));
    let sent = sent.ok_or(
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    )?;
    let claims = verified(azure, sent.trim()).ok_or("Issuer validation failed. Signature did not match.")?;
    let audience = claims.get("aud").and_then(Value::as_str).unwrap_or_default().trim_end_matches('/');
    if audience != "https://storage.azure.com" {
        return Err("Audience validation failed. Audience did not match.");
    }
    let ends_at = claims.get("exp").and_then(Value::as_i64).and_then(|at| DateTime::from_timestamp(at, 0));
    if ends_at.is_some_and(|ends_at| azure.now() < ends_at) {
        Ok(())
    } else {
        Err("Lifetime validation failed. The token is expired.")
    }
}

/// Whether a token for this audience opens Azure Resource Manager.
fn is_ours(call: &Call, audience: &str) -> bool {
    let audience = audience.trim_end_matches('/');
    AUDIENCES.contains(&audience) || audience == call.base
}

fn verified(azure: &Azure, token: &str) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    hmac::verify(&key(azure), signed.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?).ok()
}

fn key(azure: &Azure) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, format!("tokens of {}", azure.client_secret()).as_bytes())
}

fn expired(azure: &Azure, call: &Call, ends_at: DateTime<Utc>) -> Box<Response> {
    let message = format!(
        "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
        for_people(ends_at),
        for_people(azure.now())
    );
    unauthorized(azure, call, "ExpiredAuthenticationToken", &message)
}

/// 401 with the challenge from which clients learn where to get a token.
fn unauthorized(azure: &Azure, call: &Call, code: &str, message: &str) -> Box<Response> {
    let mut response = refuse(StatusCode::UNAUTHORIZED, code, message);
    let authority = format!("{}/{}", call.base, azure.world().tenant_id);
    let challenge = format!(
        "Bearer authorization_uri=\"{authority}\", error=\"invalid_token\", error_description=\"{}\"",
        message.replace('"', "'")
    );
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    Box::new(response)
}
