//! `[federation]`.

use std::{path::PathBuf, time::Duration};

use bytesize::ByteSize;
use serde::Deserialize;
use sources::SecretRef;

use super::Problem;

/// Subgraphs of teams as part of the graph.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederationConfig {
    /// Switched off: the graph is Weft's own, whatever is published.
    pub enabled: bool,
    /// A supergraph that was composed elsewhere: it is served, and what is published is not.
    pub supergraph: Option<PathBuf>,
    /// How often others are looked for.
    #[serde(with = "humantime_serde")]
    pub refresh_interval: Duration,
    /// Whether `publishSubgraph` takes addresses on this machine. Whoever has the command line may always.
    pub loopback: bool,
    /// Most subgraphs.
    pub subgraphs_max: usize,
    /// Largest SDL of one.
    pub sdl_max: ByteSize,
    /// Longest planning of one operation.
    #[serde(with = "humantime_serde")]
    pub plan_timeout: Duration,
    /// Most operations that are planned at once.
    pub plannings_max: usize,
    /// Most plans that are kept.
    pub plans_max: u64,
    /// The most bytes of an answer, and of what it is put together from besides what subgraphs sent.
    pub answer_max: ByteSize,
    /// What subgraphs are told of the caller.
    pub identity: IdentityConfig,
    /// What calls are held to.
    pub calls: sources::subgraph::Config,
}

/// What subgraphs are told of the caller.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum IdentityConfig {
    /// Nothing.
    None,
    /// The caller's own token, as it came.
    Original,
    /// A token that Weft signs (HS256): subject, tenant, teams and scopes, for this subgraph alone, for two minutes.
    Signed {
        /// The secret, at least 32 bytes.
        secret: SecretRef,
    },
}

/// The key of the secret that tokens for subgraphs are signed with.
pub const SIGNING_SECRET: &str = "federation.identity.secret";

impl FederationConfig {
    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        let interval = Duration::from_millis(100)..=Duration::from_secs(3_600);
        if !interval.contains(&self.refresh_interval) {
            problems.push(Problem::new("federation.refresh_interval", "must be from 100ms to 1h"));
        }
        for (key, is_zero) in [
            ("federation.subgraphs_max", self.subgraphs_max == 0),
            ("federation.sdl_max", self.sdl_max.as_u64() == 0),
            ("federation.plan_timeout", self.plan_timeout.is_zero()),
            ("federation.plannings_max", self.plannings_max == 0),
            ("federation.plans_max", self.plans_max == 0),
            ("federation.answer_max", self.answer_max.as_u64() == 0),
        ] {
            if is_zero {
                problems.push(Problem::new(key, "must be more than zero"));
            }
        }
        if self.supergraph.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
            problems.push(Problem::new("federation.supergraph", "must name a file, or be left out"));
        }
        problems.extend(self.calls.problems().into_iter().map(|(key, message)| Problem::new(key, message)));
    }

    /// The largest supergraph that is read: as many subgraphs as there may be, each as large as it may be.
    pub fn supergraph_bytes_max(&self) -> u64 {
        self.sdl_max.as_u64().saturating_mul(u64::try_from(self.subgraphs_max).unwrap_or(u64::MAX))
    }

    /// The most bytes of an answer.
    pub fn answer_bytes_max(&self) -> usize {
        usize::try_from(self.answer_max.as_u64()).unwrap_or(usize::MAX)
    }

    /// Where the secret is that tokens are signed with.
    pub fn secret_refs(&self) -> Vec<(String, SecretRef)> {
        match &self.identity {
            IdentityConfig::Signed { secret } if self.enabled => vec![(SIGNING_SECRET.to_owned(), secret.clone())],
            _ => Vec::new(),
        }
    }
}
