//! What a token says, and who may fetch one.

use std::time::Duration;

use aws_lc_rs::rand;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::jwt;

/// The content of a token. `Claims { tenant: Some("acme".into()), ..Claims::new("alice") }` is the way to write one.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// Claim `sub`.
    pub subject: String,
    /// Claim `tenant`; absent when `None`.
    pub tenant: Option<String>,
    /// Claim `groups`, a list of team names.
    pub teams: Vec<String>,
    /// Claim `scope`, written as one string with spaces between.
    pub scopes: Vec<String>,
    /// Claim `aud`.
    pub audience: String,
    /// From `iat` and `nbf`, which are now, to `exp`.
    pub lifetime: Duration,
    /// Any further claims. They win over the ones above, so that a test can give `exp` the wrong type.
    pub extra: Map<String, Value>,
}

impl Claims {
    /// Claims for `subject`, for the audience `weft`, one hour long, with no tenant, team or scope.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            tenant: None,
            teams: Vec::new(),
            scopes: Vec::new(),
            audience: "weft".to_owned(),
            lifetime: Duration::from_secs(3600),
            extra: Map::new(),
        }
    }

    pub(super) fn payload(&self, issuer: &str, now: DateTime<Utc>) -> Map<String, Value> {
        let issued = now.timestamp();
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut payload = Map::new();
        let mut put = |claim: &str, value: Value| payload.insert(claim.to_owned(), value);
        put("iss", json!(issuer));
        put("sub", json!(self.subject));
        put("aud", json!(self.audience));
        put("iat", json!(issued));
        put("nbf", json!(issued));
        put("exp", json!(issued.saturating_add(lifetime)));
        put("jti", json!(token_id()));
        put("groups", json!(self.teams));
        put("scope", json!(self.scopes.join(" ")));
        if let Some(tenant) = &self.tenant {
            put("tenant", json!(tenant));
        }
        payload.extend(self.extra.clone());
        payload
    }
}

/// Random, because a clock that stands still must not make two tokens one.
fn token_id() -> String {
    let mut id = [0; 12];
    rand::fill(&mut id).expect("without randomness no key could have been generated");
    jwt::encode(&id)
}

/// Somebody who may fetch tokens at `/token` with `grant_type=client_credentials`.
#[derive(Clone)]
pub struct Client {
    /// The `client_id`: in the demo, the name of a role.
    pub id: String,
    /// The `client_secret`.
    pub secret: String,
    /// What its tokens say.
    pub claims: Claims,
}
