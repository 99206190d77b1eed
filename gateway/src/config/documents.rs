//! `[documents]`.

use std::{collections::BTreeMap, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;

use super::Problem;

/// Operations that are known before they are sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentsConfig {
    /// What is executed of a client that has no mode of its own.
    pub mode: DocumentMode,
    /// Other modes for clients of these names.
    #[serde(default)]
    pub clients: BTreeMap<String, DocumentMode>,
    /// How often published documents are looked for.
    #[serde(with = "humantime_serde")]
    pub refresh_interval: Duration,
    /// Most published documents.
    pub trusted_max: u32,
    /// Most bytes of them together.
    pub trusted_bytes_max: ByteSize,
    /// Documents that clients teach by their hash.
    pub apq: ApqConfig,
}

/// `[documents.apq]`: automatic persisted queries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApqConfig {
    /// Whether a hash may stand for a document that was sent before.
    pub enabled: bool,
    /// How much memory they may take.
    pub cache: ByteSize,
    /// How long Redis keeps one.
    #[serde(with = "humantime_serde")]
    pub ttl: Duration,
}

/// Which documents of a client are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentMode {
    /// Any.
    Open,
    /// Any; those that were not published are logged and counted.
    Prefer,
    /// Published ones.
    Only,
}

impl DocumentsConfig {
    /// The mode of a client that calls itself so.
    pub fn mode_of(&self, client: Option<&str>) -> DocumentMode {
        client.and_then(|client| self.clients.get(client)).copied().unwrap_or(self.mode)
    }

    /// Clients with a name that opens what is closed to others: a name is not proven.
    pub fn laxer_clients(&self) -> impl Iterator<Item = &str> {
        let is_closed = self.mode == DocumentMode::Only;
        let laxer = self.clients.iter().filter(move |(_, mode)| is_closed && **mode != DocumentMode::Only);
        laxer.map(|(name, _)| name.as_str())
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        let interval = Duration::from_millis(100)..=Duration::from_secs(3_600);
        if !interval.contains(&self.refresh_interval) {
            problems.push(Problem::new("documents.refresh_interval", "must be from 100ms to 1h"));
        }
        for (key, is_zero) in [
            ("documents.trusted_max", self.trusted_max == 0),
            ("documents.trusted_bytes_max", self.trusted_bytes_max.as_u64() == 0),
            ("documents.apq.cache", self.apq.cache.as_u64() == 0),
            ("documents.apq.ttl", self.apq.ttl.is_zero()),
        ] {
            if is_zero {
                problems.push(Problem::new(key, "must be more than zero"));
            }
        }
    }
}
