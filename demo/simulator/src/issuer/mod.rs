//! A small OIDC issuer: discovery, JWKS with rotation, and tokens, sound ones and flawed ones.
//!
//! It signs with aws-lc-rs alone and writes JWTs by hand, so that it can also write the ones no library would. Nobody
//! signs in here: tokens are minted from Rust ([`Issuer::token`]), or fetched by a known [`Client`] at `/token`.

mod claims;
mod flaw;
mod http;
mod jwt;
mod key;
mod ring;

use std::{
    path::Path,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Map, Value};

pub use claims::{Claims, Client};
pub use flaw::Flaw;
pub(crate) use http::router;
pub use key::Algorithm;

use crate::Clock;
use key::SigningKey;
use ring::KeyRing;

/// The issuer. Clones share keys and counters.
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    url: String,
    clock: Clock,
    clients: Vec<Client>,
    keys: RwLock<KeyRing>,
    discovery_fetches: AtomicU64,
    jwks_fetches: AtomicU64,
}

impl Issuer {
    /// An issuer called `url`, with the keys found in `dir`. Missing keys are generated, and kept in `dir` so that tokens
    /// outlive a restart; without `dir` they live as long as the process.
    ///
    /// # Errors
    /// When `dir` cannot be used or holds something that is not a key.
    pub fn load_or_generate(
        url: impl Into<String>,
        dir: Option<&Path>,
        clients: Vec<Client>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let keys = RwLock::new(KeyRing::load_or_generate(dir)?);
        let (discovery_fetches, jwks_fetches) = Default::default();
        Ok(Self(Arc::new(Inner { url: url.into(), clock, clients, keys, discovery_fetches, jwks_fetches })))
    }

    /// The `iss` of its tokens, and the address its discovery document is found under.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// A sound token, signed with the newest ES256 key.
    pub fn token(&self, claims: &Claims) -> String {
        self.token_with(Algorithm::Es256, claims)
    }

    /// A sound token, signed with the newest key of `algorithm`.
    pub fn token_with(&self, algorithm: Algorithm, claims: &Claims) -> String {
        self.token_of(algorithm, &claims.payload(&self.0.url, self.0.clock.now()))
    }

    /// A well-signed token with exactly this payload, for claims that are missing or of the wrong type.
    pub fn token_of(&self, algorithm: Algorithm, payload: &Map<String, Value>) -> String {
        let key = self.active(algorithm);
        jwt::signed(&key, &jwt::header(algorithm.name(), Some(&key.kid)), payload)
    }

    /// A token signed with the newest ES256 key under any `kid`, for floods of kids that were never published.
    pub fn token_with_kid(&self, kid: &str, claims: &Claims) -> String {
        let key = self.active(Algorithm::Es256);
        let payload = claims.payload(&self.0.url, self.0.clock.now());
        jwt::signed(&key, &jwt::header(key.algorithm().name(), Some(kid)), &payload)
    }

    /// A token that nobody may accept, for the reason `flaw` gives; without that flaw it would be sound.
    pub fn broken_token(&self, claims: &Claims, flaw: Flaw) -> String {
        let algorithm = flaw.algorithm();
        flaw.mint(&self.active(algorithm), claims.payload(&self.0.url, self.0.clock.now()), self.0.clock.now())
    }

    /// Adds a key and signs with it from now on; the ones before stay published. Answers its `kid`.
    ///
    /// # Errors
    /// When the key cannot be written to the key directory.
    pub fn rotate(&self, algorithm: Algorithm) -> anyhow::Result<String> {
        self.0.keys.write().unwrap_or_else(PoisonError::into_inner).rotate(algorithm)
    }

    /// Publishes the key `kid` no longer, and never signs with it again.
    ///
    /// # Errors
    /// When there is no such key, or when it is the last of its algorithm.
    pub fn retire(&self, kid: &str) -> anyhow::Result<()> {
        self.0.keys.write().unwrap_or_else(PoisonError::into_inner).retire(kid)
    }

    /// The published keys, oldest first.
    pub fn kids(&self) -> Vec<String> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).kids()
    }

    /// How often the discovery document was answered; calls a fault answered are in the call log only.
    pub fn discovery_fetches(&self) -> u64 {
        self.0.discovery_fetches.load(Ordering::Relaxed)
    }

    /// How often the JWKS was answered; calls a fault answered are in the call log only.
    pub fn jwks_fetches(&self) -> u64 {
        self.0.jwks_fetches.load(Ordering::Relaxed)
    }

    fn active(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).active(algorithm)
    }
}
