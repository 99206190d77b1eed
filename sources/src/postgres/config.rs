//! The section `[database]` of the configuration.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

/// How the database is reached and how much of it one replica may use.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `postgres://user:password@host:port/name`. `DATABASE_URL` overrides it.
    pub url: Option<SecretString>,
    /// Most connections of this replica for reads.
    pub connections_max: usize,
    /// Most connections of this replica for writes, which wait for each other without keeping readers out.
    pub write_connections_max: u32,
    /// Most statements at once that look up entities by reference for one caller; beyond it look-ups are sent together.
    pub ref_batches_max: usize,
    /// Longest wait for a free connection; beyond it the read fails with `DATABASE_UNAVAILABLE`.
    #[serde(with = "humantime_serde")]
    pub acquire_timeout: Duration,
    /// Longest run of one statement of a request.
    #[serde(with = "humantime_serde")]
    pub statement_timeout: Duration,
    /// Longest wait of a mutation for another writer of the same tenant, such as an import.
    #[serde(with = "humantime_serde")]
    pub lock_timeout: Duration,
}
