//! What a subgraph is told of the caller: nothing, the caller's own token, or a token that Weft signs.

use axum::http::{HeaderMap, HeaderValue, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sources::Credential;

use crate::{auth::Principal, config::IdentityConfig};

/// How long a token of ours counts, in seconds: longer than any question takes.
const LIFE_SECONDS: i64 = 120;

/// Who signs.
const ISSUER: &str = "weft";

/// What subgraphs are told.
#[derive(Clone, Default)]
pub enum Identity {
    /// Nothing.
    #[default]
    None,
    /// The token that the caller came with.
    Original,
    /// A token signed with this secret, HS256.
    Signed(Credential),
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'a str,
    sub: &'a str,
    tenant: &'a str,
    teams: Vec<String>,
    scopes: Vec<&'a str>,
    iat: i64,
    exp: i64,
}

impl Identity {
    /// What the configuration says; `credential` is the secret, where it is one.
    pub fn new(config: &IdentityConfig, credential: Option<Credential>) -> Self {
        match (config, credential) {
            (IdentityConfig::Original, _) => Self::Original,
            (IdentityConfig::Signed { .. }, Some(credential)) => Self::Signed(credential),
            _ => Self::None,
        }
    }

    /// Adds to the headers of a question. `now` is in seconds since 1970.
    pub fn tell(&self, headers: &mut HeaderMap, asked: &HeaderMap, principal: &Principal, audience: &str, now: i64) {
        let value = match self {
            Self::None => None,
            Self::Original => asked.get(header::AUTHORIZATION).cloned(),
            Self::Signed(credential) => signed(&credential.current(), principal, audience, now),
        };
        if let Some(mut value) = value {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
    }

    /// Everything that [`Identity::tell`] would tell, for telling callers apart.
    pub fn of(&self, asked: &HeaderMap, principal: &Principal) -> String {
        match self {
            Self::None => String::new(),
            Self::Original => {
                let token = asked.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
                String::from_utf8_lossy(token).into_owned()
            }
            Self::Signed(_) => {
                let visibility = principal.visibility();
                let teams: Vec<String> = visibility.teams.iter().map(ToString::to_string).collect();
                let scopes: Vec<&str> = visibility.scopes.iter().map(String::as_str).collect();
                serde_json::json!([principal.key, teams, scopes]).to_string()
            }
        }
    }
}

fn signed(secret: &SecretString, principal: &Principal, audience: &str, now: i64) -> Option<HeaderValue> {
    let visibility = principal.visibility();
    let claims = Claims {
        iss: ISSUER,
        aud: audience,
        sub: &principal.subject,
        tenant: &principal.tenant,
        teams: visibility.teams.iter().map(ToString::to_string).collect(),
        scopes: visibility.scopes.iter().map(String::as_str).collect(),
        iat: now,
        exp: now + LIFE_SECONDS,
    };
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key);
    let token = token.inspect_err(|error| tracing::error!(%error, "a token for a subgraph cannot be signed"));
    HeaderValue::from_str(&format!("Bearer {}", token.ok()?)).ok()
}
