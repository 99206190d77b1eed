//! One running server, from its start to its stop.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};

use super::find::{Server, servers};
use super::place::Place;
use super::profile::Profile;
use super::{control, install, process};

/// What [`Cluster::start`] needs to know.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// Folder of the caller, such as `.weft`; created if absent. The same folder finds the same data again.
    pub folder: PathBuf,
    /// Durable or fast; may change from one start to the next.
    pub profile: Profile,
}

/// A running PostgreSQL of our own. Stop it with [`Cluster::stop`]; a drop stops it too, but without a last checkpoint.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    server: Server,
    port: u16,
    profile: Profile,
    password: String,
    is_stopped: bool,
}

impl Cluster {
    /// Starts the server of this folder, creating its data the first time, and returns once it takes connections.
    ///
    /// Installs PostgreSQL where it is missing and can be. A server that a killed process left running is stopped
    /// first; one that a living process holds is an error. Errors carry the end of the server's log.
    pub async fn start(config: ClusterConfig) -> anyhow::Result<Self> {
        let installed = tokio::task::spawn_blocking(installed).await??;
        let place = Place::claim(&config.folder)?;
        let server = server_for(&place, &installed)?;
        if process::running(&place).is_some() {
            tracing::info!(folder = %config.folder.display(), "stopping the PostgreSQL that an earlier run left behind");
            control::stop(&place, &server).await?;
        }
        control::create(&place, &server, config.profile == Profile::Durable).await?;
        let password = place.password()?;
        // Built before the start: a start that is cancelled half-way stops the server in `drop`.
        let mut cluster = Self { place, server, port: 0, profile: config.profile, password, is_stopped: false };
        cluster.launch(config.profile).await?;
        Ok(cluster)
    }

    async fn launch(&mut self, profile: Profile) -> anyhow::Result<()> {
        for attempts_left in (0..25).rev() {
            self.port = free_port().await?;
            let settings = profile.settings(&self.server, self.port);
            let Err(error) = control::start(&self.place, &self.server, &settings).await else { return Ok(()) };
            if !passes(&error) || attempts_left == 0 {
                return Err(error);
            }
            process::end_orphans(&self.place);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Ends the server in the middle of whatever it does and starts it again at the same port, as after a crash.
    pub async fn crash(&self) -> anyhow::Result<()> {
        control::stop_now(&self.place, &self.server);
        let settings = self.profile.settings(&self.server, self.port);
        let mut attempts_left = 50;
        loop {
            let Err(error) = control::start(&self.place, &self.server, &settings).await else { return Ok(()) };
            if !passes(&error) || attempts_left == 0 {
                return Err(error);
            }
            attempts_left -= 1;
            process::end_orphans(&self.place);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Address of one database, with the password; the database itself need not exist. `postgres` always does.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://weft:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The port on 127.0.0.1; another one at every start.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the data lie.
    pub fn data_dir(&self) -> PathBuf {
        self.place.data()
    }

    /// Stops the server; after four seconds without asking open connections.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let stopped = control::stop(&self.place, &self.server).await;
        self.is_stopped = stopped.is_ok();
        stopped
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.is_stopped {
            control::stop_now(&self.place, &self.server);
        }
    }
}

/// Whether a start that failed so may succeed later: somebody took the port in between, or children of a killed server are not gone yet.
fn passes(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    ["could not bind", "pre-existing shared memory block"].iter().any(|part| text.contains(part))
}

fn installed() -> anyhow::Result<Vec<Server>> {
    let found = servers();
    if !found.is_empty() {
        return Ok(found);
    }
    install::ensure_package("postgresql", "weft keeps its data in a PostgreSQL of its own")?;
    let found = servers();
    if found.is_empty() {
        bail!("PostgreSQL {} or newer is missing; please install it", super::find::OLDEST_MAJOR);
    }
    Ok(found)
}

/// The newest server, or the one that can read the data already there.
fn server_for(place: &Place, installed: &[Server]) -> anyhow::Result<Server> {
    let Ok(version) = std::fs::read_to_string(place.data().join("PG_VERSION")) else {
        return installed.first().cloned().context("no PostgreSQL found");
    };
    let (version, root) = (version.trim(), place.root.display());
    let fitting = installed.iter().find(|server| server.version.0.to_string() == version).cloned();
    fitting.with_context(|| {
        format!("{root} holds data of PostgreSQL {version}, which is not installed; delete {root} to start anew")
    })
}

async fn free_port() -> anyhow::Result<u16> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.context("cannot find a free port")?;
    Ok(listener.local_addr()?.port())
}
