//! Remembers verified tokens until they expire, by their SHA-256: the token itself is kept nowhere. A token is forgotten with
//! the key that verified it.

use std::{sync::Arc, time::Duration};

use ahash::RandomState;
use chrono::{DateTime, Utc};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::Principal;

/// SHA-256 of a token.
pub(super) type Fingerprint = [u8; 32];

/// A verified token.
pub(super) struct Remembered {
    pub(super) principal: Arc<Principal>,
    pub(super) issuer: String,
    /// Identity of the key that verified it.
    pub(super) key: u64,
    pub(super) expires_at: DateTime<Utc>,
}

/// The verified tokens.
pub(super) struct Memory {
    tokens: Cache<Fingerprint, Arc<Remembered>, RandomState>,
}

impl Memory {
    /// At most so many; beyond it the least used are verified again when they come.
    pub(super) fn new(tokens_max: u64) -> Self {
        // An hour, so that tokens of those who went do not stay for the life of the token.
        let tokens = Cache::builder().max_capacity(tokens_max).time_to_idle(Duration::from_secs(3_600));
        Self { tokens: tokens.build_with_hasher(RandomState::new()) }
    }

    pub(super) fn fingerprint(token: &str) -> Fingerprint {
        Sha256::digest(token).into()
    }

    pub(super) fn get(&self, fingerprint: &Fingerprint) -> Option<Arc<Remembered>> {
        self.tokens.get(fingerprint)
    }

    pub(super) fn put(&self, fingerprint: Fingerprint, remembered: Remembered) {
        self.tokens.insert(fingerprint, Arc::new(remembered));
    }

    pub(super) fn forget(&self, fingerprint: &Fingerprint) {
        self.tokens.invalidate(fingerprint);
    }
}
