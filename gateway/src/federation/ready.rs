//! The file with a supergraph that was composed elsewhere, where one is configured. Its content is its version: replicas with the same
//! file serve the same one.

use std::{path::Path, sync::Arc};

use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;

use super::{
    Supergraph, clients,
    compose::{self, Ready, ReadySubgraph},
};
use crate::{App, config::FederationConfig};

/// Most fields of our own whose lack is told one by one.
const LACKING_TOLD_MAX: usize = 10;

/// A file as it was read.
#[derive(Debug)]
pub struct File {
    /// Another number than before means another content.
    pub version: i64,
    /// The content.
    pub text: String,
}

/// Reads the file. It is small, and read whole each time: a time of change says less than what it holds.
pub async fn read(path: &Path, config: &FederationConfig) -> Result<File, String> {
    let unread = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let max = config.supergraph_bytes_max();
    let file = tokio::fs::File::open(path).await.map_err(unread)?;
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut bytes).await.map_err(unread)?;
    if bytes.len() as u64 > max {
        return Err(format!("{} is larger than {max} bytes: federation.sdl_max and subgraphs_max", path.display()));
    }
    let version = version(&bytes);
    let text = String::from_utf8(bytes).map_err(|_| format!("{} is no text", path.display()))?;
    Ok(File { version, text })
}

/// The first bytes of its SHA-256: as many as metrics can tell exactly, and never 0, which is no version.
fn version(content: &[u8]) -> i64 {
    let bytes = Sha256::digest(content);
    let number = bytes.iter().take(6).fold(0, |number, byte| (number << 8) | i64::from(*byte));
    number.max(1)
}

/// The version of the file and whom it names, where it can be served.
pub async fn checked(path: &Path, config: &FederationConfig) -> Result<(i64, Vec<ReadySubgraph>), String> {
    let file = read(path, config).await?;
    let Ready { composed, subgraphs, .. } = composed(&file, config)?;
    compose::usable(composed).map_err(|reasons| compose::listed(&reasons))?;
    Ok((file.version, subgraphs))
}

/// What the file holds, where it can be served.
fn composed(file: &File, config: &FederationConfig) -> Result<Ready, String> {
    let ready = compose::ready(&file.text).map_err(|reasons| compose::listed(&reasons))?;
    if ready.subgraphs.len() > config.subgraphs_max {
        return Err(format!(
            "{} subgraphs: federation.subgraphs_max is {}",
            ready.subgraphs.len(),
            config.subgraphs_max
        ));
    }
    Ok(ready)
}

/// The graph that the file holds.
pub async fn made(app: &Arc<App>, file: File) -> Result<Supergraph, String> {
    let app = Arc::clone(app);
    let composing = tokio::task::spawn_blocking(move || {
        let (version, config) = (file.version, &app.config.federation);
        let Ready { composed, subgraphs, lacking } = composed(&file, config)?;
        if !lacking.is_empty() {
            let (count, some) = (lacking.len(), lacking.iter().take(LACKING_TOLD_MAX).cloned().collect::<Vec<_>>());
            tracing::warn!(
                count,
                some = some.join(", "),
                "the supergraph lacks fields of Weft's own: compose it again"
            );
        }
        let client = |subgraph: &ReadySubgraph| match clients::known(&app, &subgraph.name, &subgraph.url) {
            Some(known) => Ok(known),
            None => clients::new(&app, &subgraph.name, &subgraph.url, version),
        };
        let subgraphs = subgraphs.iter().map(client).collect::<Result<_, _>>()?;
        Supergraph::new(version, composed, subgraphs, app.config.limits.prepare(), config)
            .map_err(|error| format!("{error:#}"))
    });
    composing.await.unwrap_or_else(|_| Err("composition gave up on it".to_owned()))
}
