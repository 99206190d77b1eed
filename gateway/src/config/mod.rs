//! The configuration: one file per section, defaults compiled in, frozen once it is valid. Nothing else reads the environment.

mod catalog;
mod cost;
mod documents;
mod federation;
mod limits;
mod live;
mod load;
mod overload;
mod rate;
mod redacted;
mod server;
mod sync;
mod telemetry;

pub use catalog::CatalogConfig;
pub(crate) use catalog::is_tenant;
pub use cost::{BadRows, CostConfig};
pub use documents::{ApqConfig, DocumentMode, DocumentsConfig};
pub use federation::{FederationConfig, IdentityConfig, SIGNING_SECRET};
pub use limits::LimitsConfig;
pub use live::LiveConfig;
pub use load::{Environment, Loaded};
pub use overload::OverloadConfig;
pub use rate::{RateConfig, TierConfig};
pub use redacted::redacted;
pub use server::{CorsConfig, Introspection, ServerConfig};
pub use sync::SyncConfig;
pub use telemetry::{LogFormat, TelemetryConfig};

use serde::Deserialize;

use crate::auth;

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Listeners, deadlines, CORS.
    pub server: ServerConfig,
    /// What is refused.
    pub limits: LimitsConfig,
    /// How many are executed at once, and who waits.
    pub overload: OverloadConfig,
    /// Documents that are known before they are sent.
    pub documents: DocumentsConfig,
    /// Postgres.
    pub database: sources::postgres::Config,
    /// Redis.
    pub redis: sources::redis::Config,
    /// Growth of the catalog, and where it may be read from.
    pub catalog: CatalogConfig,
    /// Upstreams.
    pub sources: sources::Config,
    /// How deployments are read from them.
    pub sync: SyncConfig,
    /// How clusters are watched.
    pub watch: sources::openshift::WatchConfig,
    /// Subscriptions and the change log.
    pub live: LiveConfig,
    /// Which deployments needed a remedy.
    pub delivery: sources::ingest::DeliveryRules,
    /// How charges are read and attributed.
    pub cost: CostConfig,
    /// Subgraphs of teams.
    pub federation: FederationConfig,
    /// What upstreams tell by themselves.
    pub webhooks: sources::webhook::Config,
    /// Who may call.
    pub auth: auth::Config,
    /// Logs.
    pub telemetry: TelemetryConfig,
}

/// A value that cannot be, with the key at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, such as `server.listen`.
    pub key: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Problem {
    /// A problem of this key.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.key, self.message)
    }
}

impl Config {
    /// Every problem, not only the first.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.server.validate(&mut problems);
        self.limits.validate(&mut problems);
        self.overload.validate(&mut problems);
        self.documents.validate(&mut problems);
        self.federation.validate(&mut problems);
        self.catalog.validate(&mut problems);
        self.sync.validate(&mut problems);
        self.live.validate(&mut problems);
        self.cost.validate(&self.sources.azure, &mut problems);
        self.telemetry.validate(&mut problems);
        problems.extend(self.auth.validate().into_iter().map(|found| Problem::new(found.key, found.message)));
        problems.extend(self.redis.problems().into_iter().map(|(key, message)| Problem::new(key, message)));
        problems.extend(self.sources.problems().into_iter().map(|(key, message)| Problem::new(key, message)));
        problems.extend(self.watch.problems().into_iter().map(|(key, message)| Problem::new(key, message)));
        problems.extend(self.webhooks.problems().into_iter().map(|(key, message)| Problem::new(key, message)));
        for (key, is_zero) in [
            ("database.connections_max", self.database.connections_max == 0),
            ("database.write_connections_max", self.database.write_connections_max == 0),
            ("database.ref_batches_max", self.database.ref_batches_max == 0),
            ("database.lock_timeout", self.database.lock_timeout.is_zero()),
        ] {
            if is_zero {
                problems.push(Problem::new(key, "must be more than zero"));
            }
        }
        problems
    }

    /// Problems that only matter to a server: it must not be open to the world.
    pub fn validate_serving(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.auth.issuers.is_empty() && !self.server.listen.ip().is_loopback() {
            problems.push(Problem::new(
                "auth.issuers",
                format!("{} is not a loopback address and no issuer is configured: add [[auth.issuers]] or listen on 127.0.0.1", self.server.listen),
            ));
        }
        if self.database.url.is_none() {
            problems.push(Problem::new("database.url", "no database: set it, or DATABASE_URL"));
        }
        problems
    }
}
