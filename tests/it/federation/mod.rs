//! Subgraphs of teams: published, composed, and reached with Weft's own types by one query.

mod by_mutation;
mod faults;
mod kept;
mod query;
mod raising;
mod ready;
mod registry;
mod service;
mod subscriptions;

use gateway::federation::{Publish, Published, audited_as, publish, remove};
use it::{TestPlatform, until};

use service::Service;

async fn publish_sdl(platform: &TestPlatform, name: &str, url: &str, sdl: &str) -> Published {
    let (database, config) = (platform.database(), &platform.app().config.federation);
    let what = Publish { name, url, sdl, owner: Some("group:default/payments") };
    publish(database, config, &what, &audited_as("a test"), "default").await.unwrap()
}

async fn removed(platform: &TestPlatform, name: &str) -> Published {
    remove(platform.database(), name, &audited_as("a test"), "default").await.unwrap()
}

/// Waits until the graph is this version.
async fn served(app: &gateway::App, version: i64) {
    let current = || app.federation.current().map_or(0, |supergraph| supergraph.version);
    until("the version is served", async || (current() == version).then_some(())).await;
}

/// A platform with the subgraph in its graph.
pub(crate) async fn with_incidents(settings: &[(&str, &str)]) -> (TestPlatform, Service) {
    let platform = TestPlatform::start_with(settings).await;
    let service = Service::start().await;
    let published = publish_sdl(&platform, "incidents", &service.url(), service::SDL).await;
    let Published::Changed(version) = published else { panic!("{published:?}") };
    served(platform.app(), version).await;
    (platform, service)
}
