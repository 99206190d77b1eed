//! The section `[redis]` of the configuration.

use std::time::Duration;

use bytesize::ByteSize;
use redis::IntoConnectionInfo;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::upstream::BreakerConfig;

/// A request may lose this much to Redis, and no more.
const COMMAND_TIMEOUT_MAX: Duration = Duration::from_millis(50);
/// Longest prefix of keys, in bytes.
const PREFIX_BYTES_MAX: usize = 64;

/// How Redis is reached, and how long anybody waits for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `redis://user:password@host:port/0`, `rediss://` for TLS; without it caches are in process. `REDIS_URL` overrides it.
    pub url: Option<SecretString>,
    /// It is a cluster, and `url` one of its nodes.
    pub cluster: bool,
    /// Longest wait for one command, and for all of one request together; at most 50 ms.
    #[serde(with = "humantime_serde")]
    pub command_timeout: Duration,
    /// Longest wait for a connection. No request waits for one.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// What all keys and channels begin with. Replicas share what they keep under the same prefix.
    pub prefix: String,
    /// Largest entry; a larger one stays in process.
    pub entry_bytes_max: ByteSize,
    /// Longest life of anything kept.
    #[serde(with = "humantime_serde")]
    pub retention_max: Duration,
    /// When it is left alone; one breaker for everything that uses Redis.
    pub breaker: BreakerConfig,
}

impl Config {
    /// Every problem, with the key at fault.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let is_url = |url: &SecretString| url.expose_secret().into_connection_info().is_ok();
        if self.url.as_ref().is_some_and(|url| !is_url(url)) {
            problems
                .push(("redis.url", "must be an address such as redis://:password@redis.example.com:6379".to_owned()));
        }
        if self.command_timeout.is_zero() || self.command_timeout > COMMAND_TIMEOUT_MAX {
            problems.push(("redis.command_timeout", "must be more than zero and at most 50ms".to_owned()));
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        if self.prefix.is_empty() || self.prefix.len() > PREFIX_BYTES_MAX || !self.prefix.chars().all(is_plain) {
            let message = format!("must be 1 to {PREFIX_BYTES_MAX} letters, digits, -, _, . and :");
            problems.push(("redis.prefix", message));
        }
        for (key, is_zero) in [
            ("redis.connect_timeout", self.connect_timeout.is_zero()),
            ("redis.retention_max", self.retention_max < Duration::from_millis(1)),
            ("redis.breaker.failures_max", self.breaker.failures_max == 0),
        ] {
            if is_zero {
                problems.push((key, "must be more than zero".to_owned()));
            }
        }
        problems
    }
}
