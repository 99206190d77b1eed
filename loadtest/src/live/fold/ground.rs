//! `Ground`: what the course runs on: a database with a component for each project of a fake GitLab, Redis, and how replicas are started.

use std::{fmt::Write, net::SocketAddr, path::PathBuf};

use anyhow::{Context, ensure};
use demo::{database, postgres::Cluster, redis::RedisServer};
use rand::{RngExt, rngs::StdRng};
use tokio::{net::TcpListener, process::Command};

use super::world::World;
use crate::{child::Process, gateway::Gateway, place::Place};

const DATABASE: &str = "fold";
/// How often each project is read, whatever was told of it.
pub(super) const INTERVAL_S: u64 = 15;
/// How long a replica that is killed holds what it reads.
pub(super) const LEASE_S: u64 = 3;
/// What proves that a webhook is GitLab's.
pub(super) const SECRET: &str = "a-secret-of-the-load-test";
/// Below those that the kernel gives to connections, so that nobody takes the place of a replica that was killed.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const PORT_TRIES: usize = 100;

pub(super) struct Ground<'a> {
    place: &'a Place,
    pub(super) database_url: String,
    config: PathBuf,
    variables: Vec<(String, String)>,
}

impl<'a> Ground<'a> {
    pub(super) async fn prepare(
        place: &'a Place,
        cluster: &Cluster,
        world: &World,
    ) -> anyhow::Result<(Self, RedisServer)> {
        let admin_url = cluster.url("postgres");
        database::drop(&admin_url, DATABASE).await?;
        database::create(&admin_url, DATABASE).await?;
        let redis = RedisServer::start(&place.load.join("redis")).await?.context("redis-server is not there")?;
        let config = place.load.join("fold.toml");
        std::fs::write(&config, toml(world))?;
        let database_url = cluster.url(DATABASE);
        let variables = [
            ("DATABASE_URL", database_url.clone()),
            ("REDIS_URL", redis.url()),
            ("GITLAB_TOKEN", world.simulator.gitlab_token().to_owned()),
            ("FOLD_HOOK", SECRET.to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
        let ground = Self { place, database_url, config, variables };
        ground.weft(&["migrate"], "command")?.finished().await.context("the schema cannot be made")?;
        let folder = ground.folder("projects")?;
        std::fs::write(folder.join("components.yaml"), components(&world.paths))?;
        ground.import("projects").await?;
        Ok((ground, redis))
    }

    /// An empty folder of catalog files.
    pub(super) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.place.load.join("fold").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Has the catalog say what a folder says, in one transaction: what the folder lacks goes.
    pub(super) async fn import(&self, name: &str) -> anyhow::Result<()> {
        let folder = self.place.load.join("fold").join(name).display().to_string();
        let import = self.weft(&["import", "catalog", &folder], name)?;
        import.finished().await.with_context(|| format!("{name} cannot be imported"))
    }

    fn weft(&self, arguments: &[&str], name: &str) -> anyhow::Result<Process> {
        let mut command = Command::new(self.place.weft()?);
        command.args(arguments).env("DATABASE_URL", &self.database_url).env("WEFT_CATALOG__ORPHAN_GRACE", "0s");
        Process::start(&mut command, &self.place.load.join(format!("fold-{name}.log")))
    }

    /// Starts a replica; each start has a log of its own.
    pub(super) async fn replica(&self, name: &str, addresses: [SocketAddr; 2]) -> anyhow::Result<Gateway> {
        let name = format!("fold-replica-{name}");
        Gateway::start_at(self.place, &self.config, &self.variables, &name, addresses.into()).await
    }
}

/// Addresses at which a replica comes back after each kill.
pub(super) async fn addresses(random: &mut StdRng) -> anyhow::Result<[SocketAddr; 2]> {
    let mut found = Vec::new();
    for _ in 0..PORT_TRIES {
        let address = SocketAddr::from(([127, 0, 0, 1], random.random_range(PORTS)));
        if !found.contains(&address) && TcpListener::bind(address).await.is_ok() {
            found.push(address);
        }
        if let [one, other] = *found {
            return Ok([one, other]);
        }
    }
    ensure!(!found.is_empty(), "no port is free");
    anyhow::bail!("only one port is free")
}

/// The gateway's configuration. Nobody is refused for asking much: that is not what is looked at here.
fn toml(world: &World) -> String {
    format!(
        "[limits]\ncost_max = 100000\n\n[limits.rate]\npoints = 1000000000\nclient_points = 1000000000\n\
         tenant_points = 1000000000\naddress_requests = 1000000000\n\n[[auth.issuers]]\nissuer = \"{}\"\n\
         audiences = [\"weft\"]\n\n[sources.gitlab]\nbase_url = \"{}\"\ntoken = {{ env = \"GITLAB_TOKEN\" }}\n\n\
         [sync]\ninterval = \"{INTERVAL_S}s\"\nlease = \"{LEASE_S}s\"\n\n\
         [webhooks.gitlab]\nsecrets = [{{ env = \"FOLD_HOOK\" }}]\n",
        world.simulator.issuer_url(),
        world.simulator.gitlab_url()
    )
}

/// A component for each project.
fn components(paths: &[String]) -> String {
    let mut text = String::new();
    for path in paths {
        let name = path.replace('/', "-");
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  annotations:\n    \
             gitlab.com/project-slug: {path}\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n"
        );
    }
    text
}
