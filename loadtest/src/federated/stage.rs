//! `Stage`: one estate in a database of its own, the subgraph, and two gateways over it, of which one has the subgraph in its graph.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use demo::{database, postgres::Cluster};
use hyper::HeaderMap;
use simulator::{Config, Simulator};
use tokio::process::Command;

use super::service::Service;
use crate::{
    child::Process,
    estate,
    gateway::{Gateway, headers},
    place::Place,
    platform::ISSUER_PORT,
    sample::Sample,
    viewer::{Viewer, engineer_claims},
};

/// Generated entities.
pub(super) const ESTATE: usize = 10_000;
/// A copy: the estate of other runs has no subgraphs.
const DATABASE: &str = "federated";
const NAME: &str = "features";
/// How long composition may take; a debug build needs more than a release build.
const COMPOSED_MAX: Duration = Duration::from_secs(30);

/// Everything that a run has before it. What was started ends with it.
pub(super) struct Stage {
    issuer: Simulator,
    service: Service,
    pub(super) database_url: String,
    pub(super) postgres_data: PathBuf,
    /// Without any subgraph.
    pub(super) plain: Gateway,
    /// With the subgraph.
    pub(super) federated: Gateway,
    pub(super) sample: Sample,
    /// Headers that ask past every cache.
    pub(super) cold: HeaderMap,
    pub(super) warm: HeaderMap,
}

impl Stage {
    /// Starts both gateways over the same database, so that Postgres is the same for both, down to the place of each row.
    pub(super) async fn start(place: &Place, cluster: &Cluster) -> anyhow::Result<Self> {
        let database_url = copied(place, cluster).await?;
        let issuer = Simulator::start(Config { issuer_port: ISSUER_PORT, ..Config::default() }).await?;
        let token = issuer.issuer().token(&engineer_claims()?);
        let (cold, warm) = (headers(&token, true)?, headers(&token, false)?);
        let service = Service::start(place).await?;
        publish(place, &database_url, &service).await?;
        let gateway = async |name: &str, is_federated: bool| {
            let variables = [
                ("DATABASE_URL".to_owned(), database_url.clone()),
                ("WEFT_FEDERATION__ENABLED".to_owned(), is_federated.to_string()),
            ];
            Gateway::start_with(place, &place.config(), &variables, name).await
        };
        let (plain, federated) = (gateway("plain", false).await?, gateway("federated", true).await?);
        let started = Instant::now();
        while subgraphs(&federated).await? < 1.0 {
            ensure!(
                started.elapsed() < COMPOSED_MAX,
                "the subgraph is not in the graph; see federated.log in target/load"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        ensure!(subgraphs(&plain).await? < 1.0, "the gateway without subgraphs has one");
        let sample = Sample::draw(&database_url, &Viewer::engineer()?, plain.address, &cold).await?;
        let postgres_data = cluster.data_dir();
        Ok(Self { issuer, service, database_url, postgres_data, plain, federated, sample, cold, warm })
    }

    /// Ends everything.
    pub(super) async fn stop(self) {
        self.plain.stop().await;
        self.federated.stop().await;
        self.service.stop().await;
        self.issuer.stop().await;
    }
}

async fn subgraphs(gateway: &Gateway) -> anyhow::Result<f64> {
    gateway.gauge("weft_federation_subgraphs").await
}

/// The estate, in a database that nothing is published in.
async fn copied(place: &Place, cluster: &Cluster) -> anyhow::Result<String> {
    let estate_url = estate::prepare(place, cluster, ESTATE).await?;
    let estate = estate_url.rsplit_once('/').and_then(|(_, name)| name.split('?').next()).context("no database")?;
    let admin_url = cluster.url("postgres");
    database::drop(&admin_url, DATABASE).await?;
    database::copy(&admin_url, estate, DATABASE).await?;
    Ok(cluster.url(DATABASE))
}

async fn publish(place: &Place, database_url: &str, service: &Service) -> anyhow::Result<()> {
    let sdl = place.root.join("loadtest/subgraphs/features.graphql");
    let mut command = Command::new(place.weft()?);
    command.args(["subgraph", "publish", NAME, "--url", &service.url(), "--sdl"]).arg(sdl);
    command.env("DATABASE_URL", database_url);
    let process = Process::start(&mut command, &place.load.join("weft-command.log"))?;
    process.finished().await.context("the subgraph cannot be published")
}
