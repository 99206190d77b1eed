//! The ways to subgraphs. Those that did not change keep theirs from graph to graph, with all that is known of their health.

use std::sync::Arc;

use sources::subgraph::{SharedSubgraph, Subgraph};
use url::Url;

use crate::App;

/// The way that there is to this name and address already.
pub fn known(app: &App, name: &str, url: &Url) -> Option<SharedSubgraph> {
    let known = app.sources.subgraphs().now();
    known.iter().find(|known| known.name() == name && known.url() == url).map(Arc::clone)
}

/// A new one. `version` is that of the graph which it came with.
pub fn new(app: &App, name: &str, url: &Url, version: i64) -> Result<SharedSubgraph, String> {
    let made = Subgraph::new(name, url, version, &app.config.federation.calls, app.sources.shared());
    made.map(Arc::new).map_err(|error| format!("{name}: {}", error.chain()))
}
