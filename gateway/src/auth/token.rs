//! One token: its shape before, its signature and its claims after the key is chosen. Key material and addresses inside the
//! token are never looked at.

use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::{AuthError, IssuerConfig};

/// What a token says of itself, before anything of it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claimed {
    /// The algorithm it says it is signed with.
    pub(super) algorithm: Algorithm,
    /// The key it says it is signed with.
    pub(super) key_id: Option<String>,
    /// The issuer it says it comes from.
    pub(super) issuer: String,
}

/// Takes a token apart. Only the choice of the issuer and the key rests on it.
pub(super) fn peek(token: &str) -> Result<Claimed, AuthError> {
    let header = decode_header(token).map_err(|_| AuthError::Invalid("header"))?;
    if header.crit.is_some() {
        return Err(AuthError::Invalid("critical_header"));
    }
    let claims: Map<String, Value> =
        jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| AuthError::Invalid("payload"))?;
    match claims.get("iss") {
        Some(Value::String(issuer)) => {
            Ok(Claimed { algorithm: header.alg, key_id: header.kid, issuer: issuer.clone() })
        }
        _ => Err(AuthError::Invalid("issuer")),
    }
}

/// Checks the signature and every registered claim; answers all claims and the moment of expiry.
pub(super) fn verify(
    token: &str,
    algorithm: Algorithm,
    key: &DecodingKey,
    issuer: &IssuerConfig,
    now: DateTime<Utc>,
    leeway: Duration,
) -> Result<(Map<String, Value>, DateTime<Utc>), AuthError> {
    let mut validation = Validation::new(algorithm);
    // The claims are checked below, with our own clock and with their types.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let claims =
        decode::<Map<String, Value>>(token, key, &validation).map_err(|_| AuthError::Invalid("signature"))?.claims;
    if claims.get("iss").and_then(Value::as_str) != Some(issuer.issuer.as_str()) {
        return Err(AuthError::Invalid("issuer"));
    }
    if !has_audience(claims.get("aud"), &issuer.audiences) {
        return Err(AuthError::Invalid("audience"));
    }
    let expires_at = moment(claims.get("exp"))?.ok_or(AuthError::Invalid("expiry"))?;
    if now >= expires_at + leeway {
        return Err(AuthError::Expired);
    }
    if moment(claims.get("nbf"))?.is_some_and(|begins_at| now + leeway < begins_at) {
        return Err(AuthError::Invalid("not_before"));
    }
    Ok((claims, expires_at))
}

fn has_audience(claim: Option<&Value>, accepted: &[String]) -> bool {
    let is_accepted =
        |audience: &Value| audience.as_str().is_some_and(|audience| accepted.iter().any(|one| one == audience));
    match claim {
        Some(Value::Array(audiences)) => audiences.iter().any(is_accepted),
        Some(audience) => is_accepted(audience),
        None => false,
    }
}

/// A claim in seconds since 1970; an error when it is there and not such a number.
fn moment(claim: Option<&Value>) -> Result<Option<DateTime<Utc>>, AuthError> {
    let Some(claim) = claim else { return Ok(None) };
    let seconds =
        claim.as_i64().or_else(|| claim.as_f64().filter(|number| number.abs() < 1e12).map(|number| number as i64));
    // Beyond a few thousand years a moment is a mistake, and arithmetic with it would overflow.
    let moment = seconds
        .filter(|seconds| (0..253_402_300_800).contains(seconds))
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    moment.map(Some).ok_or(AuthError::Invalid("claim_type"))
}
