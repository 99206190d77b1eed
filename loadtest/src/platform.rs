//! What every run needs beside Postgres: the issuer, a gateway over one database, a caller, and what is asked for.

use demo::postgres::Cluster;
use hyper::HeaderMap;
use simulator::{Config, Simulator};

use crate::{
    gateway::{Gateway, headers},
    place::Place,
    sample::Sample,
    viewer::{Viewer, engineer_claims},
};

/// The port in `weft.toml`.
pub(crate) const ISSUER_PORT: u16 = 18_961;

/// The issuer in this process and the gateway in its own.
pub(crate) struct Platform {
    issuer: Simulator,
    pub(crate) gateway: Gateway,
    pub(crate) viewer: Viewer,
    pub(crate) sample: Sample,
    /// Headers that ask past every cache.
    pub(crate) cold: HeaderMap,
    pub(crate) warm: HeaderMap,
}

impl Platform {
    /// Starts both and draws the sample.
    pub(crate) async fn start(place: &Place, database_url: &str) -> anyhow::Result<Self> {
        let issuer = Simulator::start(Config { issuer_port: ISSUER_PORT, ..Config::default() }).await?;
        let token = issuer.issuer().token(&engineer_claims()?);
        let (cold, warm) = (headers(&token, true)?, headers(&token, false)?);
        let viewer = Viewer::engineer()?;
        let gateway = Gateway::start(place, database_url, "gateway").await?;
        let sample = Sample::draw(database_url, &viewer, gateway.address, &cold).await?;
        Ok(Self { issuer, gateway, viewer, sample, cold, warm })
    }

    /// Ends both.
    pub(crate) async fn stop(self) {
        self.gateway.stop().await;
        self.issuer.stop().await;
    }
}

/// Starts the Postgres of the load test and ends it after `work`, however that went.
pub(crate) async fn with_postgres<T>(
    place: &Place,
    work: impl AsyncFnOnce(&Cluster) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let config = demo::postgres::ClusterConfig {
        folder: place.load.clone(),
        // What production has: what is committed stays.
        profile: demo::postgres::Profile::Durable,
    };
    let cluster = Cluster::start(config).await?;
    let outcome = work(&cluster).await;
    cluster.stop().await?;
    outcome
}
