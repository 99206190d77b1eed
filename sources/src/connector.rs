//! `Connector`: what every upstream's module must have, so that `sources { … }`, `weft doctor` and the probes treat all alike.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use schema::SourceKind;

use crate::{
    Clock, Credential, SourceError,
    cache::Evictions,
    redis::Redis,
    upstream::{Shared, Upstream},
};

/// What a connector is, whatever is configured.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// What it reads.
    pub kind: SourceKind,
    /// Version of the module.
    pub connector_version: &'static str,
    /// Versions of the upstream that it is tested with, first and last.
    pub tested_versions: (&'static str, &'static str),
}

/// One upstream, as it is looked after.
#[async_trait]
pub trait Connector: Send + Sync {
    /// What it is.
    fn about(&self) -> About;

    /// Its name as configured, unique among all sources.
    fn name(&self) -> &str {
        self.upstream().kind().as_str()
    }

    /// The way to it: health and quota.
    fn upstream(&self) -> &Upstream;

    /// How often [`Connector::probe`] is due.
    fn probe_interval(&self) -> Duration;

    /// Asks for its version, with the credential; none when it does not tell. Fails when it is not there or takes no credential.
    async fn version(&self) -> Result<Option<String>, SourceError>;

    /// Asks for its version and tells its health.
    async fn probe(&self) -> Result<(), SourceError> {
        if let Some(version) = self.version().await? {
            self.upstream().health().version(version);
        }
        Ok(())
    }

    /// What the credential may not do although it should, in an operator's words; asked by `weft doctor` only.
    async fn missing_rights(&self) -> Result<Vec<String>, SourceError> {
        Ok(Vec::new())
    }
}

/// What a connector is built with besides its own section of the configuration.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// What is evicted from this process.
    pub evictions: &'a Arc<Evictions>,
    /// The level of caches and quotas that replicas share.
    pub redis: Option<&'a Redis>,
    /// What time it is.
    pub clock: &'a Clock,
    /// Looks a credential up by its key in the configuration, such as `sources.gitlab.token`.
    pub credentials: &'a crate::Secrets,
}

impl<'a> Surroundings<'a> {
    /// What upstreams share.
    pub fn shared(&self) -> Shared<'a> {
        Shared { redis: self.redis, clock: self.clock }
    }

    /// The credential with this key, where one is configured.
    pub fn credential(&self, key: &str) -> Option<Credential> {
        self.credentials.get(key)
    }
}
