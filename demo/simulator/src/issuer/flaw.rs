//! Tokens that must be refused, one reason each: everything else about them is right.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    jwt,
    key::{Algorithm, SigningKey},
};

/// Far enough from now that no leeway forgives it.
const FAR_SECONDS: i64 = 3600;

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Signed with a key nobody published, under the `kid` of one that is.
    ForgedKey,
    /// `exp` was an hour ago.
    Expired,
    /// `nbf` is in an hour.
    NotYetValid,
    /// `aud` is somebody else.
    WrongAudience,
    /// `iss` is somebody else.
    WrongIssuer,
    /// `alg: none` and no signature.
    AlgorithmNone,
    /// HS256, with the bytes of the published RSA key's PEM form as the secret.
    HmacWithPublicPem,
    /// HS256, with the bytes of the published RSA key's DER form as the secret.
    HmacWithPublicDer,
    /// A `kid` that was never published, signed with a key that is.
    UnknownKid,
    /// No `exp`.
    MissingExpiry,
    /// Signed with a stranger's key, which the header offers as `jwk` and `jku`.
    EmbeddedKey,
    /// The payload was changed after it was signed.
    Tampered,
    /// The signature was cut off.
    MissingSignature,
}

impl Flaw {
    /// Every one of them, for tests that go through the list.
    pub const ALL: [Self; 13] = [
        Self::ForgedKey,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongAudience,
        Self::WrongIssuer,
        Self::AlgorithmNone,
        Self::HmacWithPublicPem,
        Self::HmacWithPublicDer,
        Self::UnknownKid,
        Self::MissingExpiry,
        Self::EmbeddedKey,
        Self::Tampered,
        Self::MissingSignature,
    ];

    /// The key confusion was first shown with RSA, where libraries took PEM for either kind of key.
    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::HmacWithPublicPem | Self::HmacWithPublicDer => Algorithm::Rs256,
            _ => Algorithm::Es256,
        }
    }

    pub(super) fn mint(self, key: &SigningKey, mut payload: Map<String, Value>, now: DateTime<Utc>) -> String {
        let mut header = jwt::header(key.algorithm().name(), Some(&key.kid));
        let mut set = |claim: &str, value: Value| payload.insert(claim.to_owned(), value);
        match self {
            Self::Expired => {
                set("iat", json!(now.timestamp() - 2 * FAR_SECONDS));
                set("nbf", json!(now.timestamp() - 2 * FAR_SECONDS));
                set("exp", json!(now.timestamp() - FAR_SECONDS));
            }
            Self::NotYetValid => {
                set("nbf", json!(now.timestamp() + FAR_SECONDS));
                set("exp", json!(now.timestamp() + 2 * FAR_SECONDS));
            }
            Self::WrongAudience => drop(set("aud", json!("another-audience"))),
            Self::WrongIssuer => drop(set("iss", json!("https://another-issuer.example"))),
            Self::MissingExpiry => drop(payload.remove("exp")),
            Self::UnknownKid => header = jwt::header(key.algorithm().name(), Some("never-published")),
            Self::AlgorithmNone => {
                return format!("{}.", jwt::signing_input(&jwt::header("none", Some(&key.kid)), &payload));
            }
            Self::HmacWithPublicPem => return hmac(&key.kid, &payload, pem(&public_der(key)).as_bytes()),
            Self::HmacWithPublicDer => return hmac(&key.kid, &payload, &public_der(key)),
            Self::ForgedKey => return jwt::signed(&stranger(key), &header, &payload),
            Self::EmbeddedKey => {
                let stranger = stranger(key);
                if let Some(fields) = header.as_object_mut() {
                    fields.insert("jwk".to_owned(), stranger.jwk());
                    fields.insert("jku".to_owned(), json!("https://another-issuer.example/jwks"));
                }
                return jwt::signed(&stranger, &header, &payload);
            }
            Self::Tampered => {
                let signature = key.sign(jwt::signing_input(&header, &payload).as_bytes());
                payload.insert("scope".to_owned(), json!("everything"));
                return jwt::with_signature(&jwt::signing_input(&header, &payload), &signature);
            }
            Self::MissingSignature => return format!("{}.", jwt::signing_input(&header, &payload)),
        }
        jwt::signed(key, &header, &payload)
    }
}

fn stranger(like: &SigningKey) -> SigningKey {
    SigningKey::generate(like.algorithm()).expect("a key could be generated at start-up, so it can be now")
}

fn public_der(key: &SigningKey) -> Vec<u8> {
    key.public_der().expect("the kid was drawn from it, so it has a DER form")
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn hmac(kid: &str, payload: &Map<String, Value>, secret: &[u8]) -> String {
    let input = jwt::signing_input(&jwt::header("HS256", Some(kid)), payload);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    jwt::with_signature(&input, tag.as_ref())
}
