//! A build of the gateway as a process of its own: what is measured must not be a debug build inside the test.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};

use crate::{Client, TestPlatform};

/// How long it may take to be ready.
const READY_MAX: Duration = Duration::from_secs(120);

/// How often it is started, each time with ports of its own.
const STARTS_MAX: u32 = 5;

/// A running program; killed when dropped.
pub struct Program {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    config: PathBuf,
}

impl Program {
    /// Where the build that a test belongs to puts `weft`.
    pub fn of_this_build() -> PathBuf {
        let own = std::env::current_exe().expect("the path of this program");
        own.ancestors().nth(2).expect("a folder of the build").join("weft")
    }

    pub(crate) async fn start(program: &Path, toml: &str, variables: &[(String, String)]) -> anyhow::Result<Self> {
        for _ in 1..STARTS_MAX {
            match Self::start_once(program, toml, variables).await {
                // Somebody may have taken a port in between.
                Err(error) if error.is::<EndedAtOnce>() => {}
                outcome => return outcome,
            }
        }
        Self::start_once(program, toml, variables).await
    }

    async fn start_once(program: &Path, toml: &str, variables: &[(String, String)]) -> anyhow::Result<Self> {
        let (address, admin) = free_addresses().await?;
        let config = std::env::temp_dir().join(format!("weft-it-{:016x}.toml", rand::random::<u64>()));
        std::fs::write(&config, toml)?;
        let mut command = Command::new(program);
        command.arg("--config").arg(&config).arg("serve").envs(variables.iter().cloned());
        command.env("WEFT_LISTEN", address.to_string()).env("WEFT_ADMIN_LISTEN", admin.to_string());
        command.env("WEFT_TELEMETRY__LOG", "error").stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("{} cannot be started", program.display()))?;
        let mut running = Self { child, address, admin, config };
        let started = Instant::now();
        while !reqwest::get(format!("http://{address}/readyz")).await.is_ok_and(|answer| answer.status() == 200) {
            if let Some(status) = running.child.try_wait()? {
                return Err(EndedAtOnce(status).into());
            }
            if started.elapsed() > READY_MAX {
                bail!("{} does not become ready", program.display());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(running)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of it with a role's token, or with none.
    pub fn client(&self, platform: &TestPlatform, role: Option<&str>) -> Client {
        platform.client_at(format!("http://{}", self.address), role.map(|role| platform.token(role)))
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of its admin listener.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// Whether it says this line among its metrics.
    pub async fn measures(&self, line: &str) -> bool {
        let Ok(answer) = reqwest::get(format!("http://{}/metrics", self.admin)).await else { return false };
        answer.text().await.is_ok_and(|text| text.lines().any(|found| found == line))
    }

    /// Kills it.
    pub async fn stop(mut self) {
        let _ = self.child.kill().await;
        let _ = std::fs::remove_file(&self.config);
    }
}

/// Two at once: each is held until both are known.
async fn free_addresses() -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let any = (Ipv4Addr::LOCALHOST, 0);
    let (one, other) = (TcpListener::bind(any).await?, TcpListener::bind(any).await?);
    Ok((one.local_addr()?, other.local_addr()?))
}

/// It ended before it was ready.
#[derive(Debug, thiserror::Error)]
#[error("the gateway ended before it was ready: {0}")]
struct EndedAtOnce(ExitStatus);
