//! The keys of one issuer: fetched in the background, kept while the issuer is away, asked for at once when a token names a
//! key that is not known, but not more often than the cooldown allows.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use reqwest::Client;
use sources::Clock;
use tokio::sync::Mutex;

use super::{AuthError, Config, IssuerConfig, discovery};

/// A key that can verify tokens.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) decoding: DecodingKey,
    /// Identity of the key's material: another key under the same name is another key.
    pub(super) identity: u64,
    family: AlgorithmFamily,
    algorithm: Option<Algorithm>,
}

struct KeySet {
    by_id: HashMap<String, Key>,
    all: Vec<Key>,
    fetched_at: DateTime<Utc>,
}

/// The keys of one issuer.
pub(super) struct IssuerKeys {
    issuer: IssuerConfig,
    client: Client,
    clock: Clock,
    keys_age_max: TimeDelta,
    cooldown: TimeDelta,
    current: ArcSwapOption<KeySet>,
    /// When the newest fetch on behalf of an unknown key began. The fetch holds the lock until it ends; the others wait for it.
    asked_at: Arc<Mutex<Option<DateTime<Utc>>>>,
    /// One fetch at a time, or an older answer could replace a newer one.
    fetching: Mutex<()>,
}

impl IssuerKeys {
    pub(super) fn new(issuer: IssuerConfig, config: &Config, client: Client, clock: Clock) -> Self {
        let delta = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(1));
        Self {
            issuer,
            client,
            clock,
            keys_age_max: delta(config.keys_age_max),
            cooldown: delta(config.unknown_key_cooldown),
            current: ArcSwapOption::empty(),
            asked_at: Arc::default(),
            fetching: Mutex::new(()),
        }
    }

    pub(super) fn issuer(&self) -> &IssuerConfig {
        &self.issuer
    }

    /// Fetches the keys; those known so far stay when that fails.
    pub(super) async fn refresh(&self) -> Result<(), String> {
        let _alone = self.fetching.lock().await;
        let outcome = discovery::fetch(&self.client, &self.issuer).await;
        let word = if outcome.is_ok() { "ok" } else { "failed" };
        metrics::counter!("weft_auth_key_fetches_total", "outcome" => word).increment(1);
        let set = outcome?;
        let keys = KeySet::of(&set, self.clock.now());
        if keys.all.is_empty() {
            return Err("the issuer publishes no key that can verify tokens".to_owned());
        }
        self.current.store(Some(Arc::new(keys)));
        Ok(())
    }

    /// The key for a token of this algorithm; asks the issuer when it is not known and the cooldown allows it.
    pub(super) async fn find(self: &Arc<Self>, key_id: Option<&str>, algorithm: Algorithm) -> Result<Key, AuthError> {
        if let Some(key) = self.known(key_id, algorithm)? {
            return Ok(key);
        }
        let mut asked_at = Arc::clone(&self.asked_at).lock_owned().await;
        // Somebody else may have fetched it while we waited for the lock.
        if let Some(key) = self.known(key_id, algorithm)? {
            return Ok(key);
        }
        let now = self.clock.now();
        if asked_at.is_none_or(|at| now - at >= self.cooldown) {
            *asked_at = Some(now);
            let has_none = self.current_set().is_none();
            // In a task of its own, and the lock with it: a caller who leaves must not take the fetch away and leave the
            // cooldown, nor have those refused who come before the fetch has ended.
            let keys = Arc::clone(self);
            let fetch = tokio::spawn(async move {
                // Others wait for this lock.
                let mut asked_at = asked_at;
                match keys.refresh().await {
                    // The first keys are for everybody: whoever comes with a newer one soon may ask.
                    Ok(()) if has_none => *asked_at = None,
                    Ok(()) => {}
                    Err(error) => {
                        tracing::warn!(
                            issuer = keys.issuer.issuer,
                            error,
                            "the keys of an issuer could not be fetched"
                        );
                    }
                }
            });
            // It does not panic, and nobody aborts it.
            let _ = fetch.await;
        }
        match self.known(key_id, algorithm)? {
            Some(key) => Ok(key),
            None if self.current_set().is_none() => Err(AuthError::KeysUnavailable),
            None => Err(AuthError::Invalid("unknown_key")),
        }
    }

    /// Whether a key of this identity is still published.
    pub(super) fn has(&self, identity: u64, now: DateTime<Utc>) -> bool {
        let set = self.current.load();
        let set = set.as_ref().filter(|set| now - set.fetched_at <= self.keys_age_max);
        set.is_some_and(|set| set.all.iter().any(|key| key.identity == identity))
    }

    /// The known key; an error when it is known and cannot have signed a token of this algorithm.
    fn known(&self, key_id: Option<&str>, algorithm: Algorithm) -> Result<Option<Key>, AuthError> {
        let Some(set) = self.current_set() else { return Ok(None) };
        match key_id {
            Some(id) => match set.by_id.get(id) {
                Some(key) if key.fits(algorithm) => Ok(Some(key.clone())),
                Some(_) => Err(AuthError::Invalid("algorithm")),
                None => Ok(None),
            },
            None => {
                let mut fitting = set.all.iter().filter(|key| key.fits(algorithm));
                match (fitting.next(), fitting.next()) {
                    (Some(key), None) => Ok(Some(key.clone())),
                    // Trying several keys would let a token choose among them.
                    _ => Err(AuthError::Invalid("key_not_named")),
                }
            }
        }
    }

    fn current_set(&self) -> Option<Arc<KeySet>> {
        self.current.load_full().filter(|set| self.clock.now() - set.fetched_at <= self.keys_age_max)
    }
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        self.family == algorithm.family() && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// The key, unless it is for something else than verifying signatures, or symmetric.
    fn of(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return None;
        }
        let decoding = DecodingKey::from_jwk(jwk).ok()?;
        let family = decoding.family();
        if family == AlgorithmFamily::Hmac {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        serde_json::to_string(jwk).ok()?.hash(&mut hasher);
        let algorithm = jwk.common.key_algorithm.and_then(|algorithm| algorithm.to_string().parse().ok());
        Some(Self { decoding, identity: hasher.finish(), family, algorithm })
    }
}

impl KeySet {
    fn of(set: &JwkSet, fetched_at: DateTime<Utc>) -> Self {
        let mut by_id = HashMap::new();
        let mut all = Vec::new();
        for jwk in &set.keys {
            let Some(key) = Key::of(jwk) else { continue };
            if let Some(id) = &jwk.common.key_id {
                by_id.insert(id.clone(), key.clone());
            }
            all.push(key);
        }
        Self { by_id, all, fetched_at }
    }
}
