//! A team's GraphQL service in another language, published to the demo's graph: incidents of components, in `demo/incidents/`.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use gateway::federation::{Publish, Published, audited_as, publish, remove};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::platform::Platform;

/// What it is called in the graph.
const NAME: &str = "incidents";
/// Who answers for it.
const OWNER: &str = "group:default/payments";
/// Components whose incidents its root field lists.
const COMPONENTS: &str = "component:default/payments-api,component:default/ledger-api,component:default/basket-api";
/// Longest wait for what it is made of.
const INSTALL_MAX: Duration = Duration::from_secs(180);
/// Longest wait for its first word.
const START_MAX: Duration = Duration::from_secs(20);

/// The running service; a drop ends it.
pub struct Team {
    /// Where it answers.
    pub url: String,
    _child: Child,
}

/// Starts the service and publishes it. Where it cannot be, the graph is Weft's own, and the error says why.
pub async fn start(platform: &Platform) -> anyhow::Result<Team> {
    let outcome = begin(platform).await;
    if outcome.is_err() {
        // What an earlier start published answers no more.
        let app = platform.serving.app();
        let _ = remove(app.sources.database(), NAME, &audited_as("demo"), &app.config.catalog.default_tenant).await;
    }
    outcome
}

async fn begin(platform: &Platform) -> anyhow::Result<Team> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("incidents");
    install(&folder).await?;
    let mut child = Command::new("node")
        .arg(folder.join("index.js"))
        .env("INCIDENTS_OF", COMPONENTS)
        // It ends when this end of it is closed, however this process ends.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("Node cannot be started")?;
    let out = child.stdout.take().context("its output is not there")?;
    let url =
        timeout(START_MAX, BufReader::new(out).lines().next_line()).await.context("it does not begin to answer")?;
    let url = url?.context("it ended before it answered")?;
    let sdl = std::fs::read_to_string(folder.join("schema.graphql"))?;
    let app = platform.serving.app();
    let what = Publish { name: NAME, url: &url, sdl: &sdl, owner: Some(OWNER) };
    let (database, tenant) = (app.sources.database(), &app.config.catalog.default_tenant);
    let published = publish(database, &app.config.federation, &what, &audited_as("demo"), tenant).await;
    match published.map_err(|error| anyhow::anyhow!("{}", error.chain()))? {
        Published::Changed(version) | Published::Same(version) => {
            // An earlier start's address may be served until then.
            let served = async {
                while app.federation.current().is_none_or(|graph| graph.version < version) {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            timeout(START_MAX, served).await.context("the graph with it is not served")?;
            Ok(Team { url, _child: child })
        }
        Published::Refused(reasons) => {
            bail!("it is refused: {}", reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        }
        Published::Busy => bail!("others change the subgraphs all the time"),
    }
}

/// Fetches what it is made of, once.
async fn install(folder: &PathBuf) -> anyhow::Result<()> {
    let version = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    if !version.is_ok_and(|status| status.success()) {
        bail!("Node is not installed");
    }
    if folder.join("node_modules").join("@apollo").join("subgraph").exists() {
        return Ok(());
    }
    let installing = Command::new("npm")
        .args(["ci", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let installed =
        timeout(INSTALL_MAX, installing).await.context("npm takes too long")?.context("npm cannot be started")?;
    if !installed.status.success() {
        let told = String::from_utf8_lossy(&installed.stderr);
        bail!("npm cannot fetch what it is made of: {}", told.lines().next().unwrap_or_default());
    }
    Ok(())
}
