//! `Stage`: fake upstreams in this process, gateways in their own, over the demo's estate of two tenants and a shared Redis.

use std::path::PathBuf;

use anyhow::Context;
use demo::{database, estate::Estate, postgres::Cluster, redis::RedisServer, upstreams};
use simulator::{Simulator, terraform};
use tokio::process::Command;

use crate::{child::Process, gateway::Gateway, place::Place};

/// The database of the standard estate; made anew with each run, which takes seconds.
const DATABASE: &str = "stitched";

/// Terraform allows 30 calls a second, and Azure 15 queries in five: who asks past every cache all the time needs more.
pub(crate) const NO_QUOTAS: [(&str, &str); 2] =
    [("WEFT_SOURCES__TERRAFORM__QUOTA__CALLS", "10000"), ("WEFT_SOURCES__AZURE__GRAPH_QUOTA__CALLS", "10000")];

/// Everything that a run has before it. What was started ends with it.
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) gateways: Vec<Gateway>,
    redis: Option<RedisServer>,
}

impl Stage {
    /// Starts so many gateways, with these variables of the environment besides.
    pub(crate) async fn start(
        place: &Place,
        cluster: &Cluster,
        replicas: usize,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let estate = Estate::standard();
        let database_url = import(place, cluster, &estate).await?;
        let mut world = upstreams::of_estate(&estate);
        // Else latencies would tell of waits for Terraform's limit a second and of little else.
        world.terraform = world.terraform.with_limits(terraform::Limits::NONE);
        let simulator = Simulator::start(world).await?;
        let config = write_config(place, &estate, &simulator)?;
        let redis = RedisServer::start(&place.load.join("redis")).await?;
        let mut variables = upstreams::secrets(&simulator);
        variables.push(("DATABASE_URL".to_owned(), database_url));
        variables.extend(redis.as_ref().map(|redis| ("REDIS_URL".to_owned(), redis.url())));
        variables.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut gateways = Vec::new();
        for number in 0..replicas {
            gateways.push(Gateway::start_with(place, &config, &variables, &format!("stitched-{number}")).await?);
        }
        Ok(Self { simulator, gateways, redis })
    }

    /// Whether the gateways share anything.
    pub(crate) fn has_redis(&self) -> bool {
        self.redis.is_some()
    }

    /// Ends Redis as a crash would; it does not come back.
    pub(crate) async fn kill_redis(&mut self) -> anyhow::Result<()> {
        match &mut self.redis {
            Some(redis) => redis.kill().await,
            None => Ok(()),
        }
    }

    /// Ends everything.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        for gateway in self.gateways {
            gateway.stop().await;
        }
        self.simulator.stop().await;
        match self.redis {
            Some(redis) => redis.stop().await,
            None => Ok(()),
        }
    }
}

async fn import(place: &Place, cluster: &Cluster, estate: &Estate) -> anyhow::Result<String> {
    let admin_url = cluster.url("postgres");
    database::drop(&admin_url, DATABASE).await?;
    database::create(&admin_url, DATABASE).await?;
    let url = cluster.url(DATABASE);
    let folder = place.load.join("estate-standard");
    estate.write(&folder)?;
    let weft = |arguments: &[&str]| {
        let mut command = Command::new(place.weft()?);
        command.args(arguments).env("DATABASE_URL", &url);
        Process::start(&mut command, &place.load.join("weft-command.log"))
    };
    weft(&["migrate"])?.finished().await.context("the schema cannot be made")?;
    for tenant in estate.tenants() {
        let path = folder.join(tenant).display().to_string();
        let import = weft(&["import", "catalog", "--tenant", tenant, &path])?;
        import.finished().await.context("the estate cannot be imported")?;
    }
    Ok(url)
}

/// The gateway's configuration. Nobody is refused for asking much: that is not what is looked at here.
fn write_config(place: &Place, estate: &Estate, simulator: &Simulator) -> anyhow::Result<PathBuf> {
    let text = format!(
        // Deployments are not read: those calls would be counted among the page's.
        "[sync]\nenabled = false\n\n[limits]\ncost_max = 100000\n\n[limits.rate]\npoints = 1000000000\nclient_points = 1000000000\ntenant_points = 1000000000\naddress_requests = 1000000000\n\n\
         [[auth.issuers]]\nissuer = \"{}\"\naudiences = [\"weft\"]\n\n{}",
        simulator.issuer_url(),
        upstreams::toml(estate, simulator)
    );
    let file = place.load.join("stitched.toml");
    std::fs::write(&file, text)?;
    Ok(file)
}
