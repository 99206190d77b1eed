//! The gateway under test: a process of its own, started as an operator would, with a token for its callers.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use bytes::Bytes;
use hyper::{
    HeaderMap, Uri,
    header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
};
use tokio::process::Command;

use crate::{
    child::Process,
    client::{Shot, Target},
    place::Place,
};

/// How long it may take to be ready.
const READY_MAX: Duration = Duration::from_secs(20);
/// Statements of its own that belong to no request.
const BACKGROUND: [&str; 5] =
    ["location_lease", "server_version", "migrations_newest", "cost_tenants", "supergraph_version"];

/// A running gateway.
pub(crate) struct Gateway {
    process: Process,
    pub(crate) address: SocketAddr,
    admin: SocketAddr,
}

/// What its metrics count.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) statements: f64,
    pub(crate) upstream_calls: f64,
}

impl Gateway {
    /// Starts it over a database, as `weft.toml` says, and waits until it is ready.
    pub(crate) async fn start(place: &Place, database_url: &str, name: &str) -> anyhow::Result<Self> {
        let variables = [("DATABASE_URL".to_owned(), database_url.to_owned())];
        Self::start_with(place, &place.config(), &variables, name).await
    }

    /// Starts it with this configuration and these variables of the environment.
    pub(crate) async fn start_with(
        place: &Place,
        config: &Path,
        variables: &[(String, String)],
        name: &str,
    ) -> anyhow::Result<Self> {
        let addresses = (free_address().await?, free_address().await?);
        Self::start_at(place, config, variables, name, addresses).await
    }

    /// The same at these addresses, the public one and that of operators.
    pub(crate) async fn start_at(
        place: &Place,
        config: &Path,
        variables: &[(String, String)],
        name: &str,
        (address, admin): (SocketAddr, SocketAddr),
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(place.weft()?);
        command.arg("--config").arg(config).arg("serve");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.env("WEFT_LISTEN", address.to_string()).env("WEFT_ADMIN_LISTEN", admin.to_string());
        let log = place.load.join(format!("{name}.log"));
        let mut gateway = Self { process: Process::start(&mut command, &log)?, address, admin };
        let started = Instant::now();
        while get(address, "/readyz").await.is_err() {
            if gateway.process.has_ended() || started.elapsed() > READY_MAX {
                bail!("the gateway does not start; see {}", log.display());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(gateway)
    }

    /// Where it listens: for all, and for operators.
    pub(crate) fn addresses(&self) -> (SocketAddr, SocketAddr) {
        (self.address, self.admin)
    }

    /// Kills it in this moment.
    pub(crate) fn kill_now(&mut self) {
        self.process.kill_now();
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) -> anyhow::Result<()> {
        self.process.ended().await
    }

    /// Asks it to end, and waits for that so long.
    pub(crate) async fn ended_in_order(self, within: Duration) -> anyhow::Result<()> {
        self.process.ended_in_order(within).await
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid
    }

    /// What its metrics count so far.
    pub(crate) async fn counts(&self) -> anyhow::Result<Counts> {
        let text = get(self.admin, "/metrics").await.context("the gateway shows no metrics")?;
        let text = String::from_utf8_lossy(&text);
        let sum = |name: &str| {
            let lines = text.lines().filter(|line| line.starts_with(name));
            let lines = lines.filter(|line| !BACKGROUND.iter().any(|statement| line.contains(statement)));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        Ok(Counts { statements: sum("weft_sql_seconds_count"), upstream_calls: sum("weft_upstream_calls_total") })
    }

    /// Seconds that calls to each upstream took so far, and how many there were.
    pub(crate) async fn upstream_seconds(&self) -> anyhow::Result<HashMap<String, (f64, f64)>> {
        let text = get(self.admin, "/metrics").await.context("the gateway shows no metrics")?;
        let mut found: HashMap<String, (f64, f64)> = HashMap::new();
        for line in String::from_utf8_lossy(&text).lines() {
            let Some((name, rest)) = line.split_once("source=\"") else { continue };
            let Some((source, rest)) = rest.split_once('"') else { continue };
            let Some(value) = rest.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()) else { continue };
            let (seconds, count) = found.entry(source.to_owned()).or_default();
            if name.starts_with("weft_upstream_seconds_sum") {
                *seconds += value;
            } else if name.starts_with("weft_upstream_seconds_count") {
                *count += value;
            }
        }
        Ok(found)
    }

    /// Which part of what a histogram counted is at most `within`, one of its bounds as metrics write it; 1 where it counted nothing.
    pub(crate) async fn quick_share(&self, histogram: &str, within: &str) -> anyhow::Result<f64> {
        let text = get(self.admin, "/metrics").await.context("the gateway shows no metrics")?;
        let text = String::from_utf8_lossy(&text);
        let sum = |name: String, label: &str| -> f64 {
            let lines = text.lines().filter(|line| line.starts_with(&name) && line.contains(label));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        let (quick, all) =
            (sum(format!("{histogram}_bucket"), &format!("le=\"{within}\"")), sum(format!("{histogram}_count"), ""));
        Ok(if all > 0.0 { quick / all } else { 1.0 })
    }

    /// What a metric without labels says now; nothing where it has not been said yet.
    pub(crate) async fn gauge(&self, name: &str) -> anyhow::Result<f64> {
        let text = get(self.admin, "/metrics").await.context("the gateway shows no metrics")?;
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(line.and_then(|value| value.trim().parse().ok()).unwrap_or(0.0))
    }

    /// Ends it at once, as a crash would.
    pub(crate) async fn kill(self) -> anyhow::Result<()> {
        self.process.kill().await
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.process.stop().await;
    }
}

/// What its callers send with each request. Cold callers ask for an answer from the sources, past every cache.
pub(crate) fn headers(token: &str, is_cold: bool) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}"))?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if is_cold {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    Ok(headers)
}

async fn get(address: SocketAddr, path: &'static str) -> anyhow::Result<Bytes> {
    let shot = Shot { uri: Uri::from_static(path), body: Bytes::new() };
    let answers = Target::new(address, HeaderMap::new(), vec![shot])?.answers(1).await?;
    answers.into_iter().next().context("no answer")
}

async fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?)
}
