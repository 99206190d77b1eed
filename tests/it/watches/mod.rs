//! Watches of clusters: what changes there is known here at once, whatever becomes of the connection and of who watches.

mod gone;
mod handover;
mod refused;
mod rollouts;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use it::{TestPlatform, until};
use simulator::{Upstream, openshift::App};
use sources::Clock;
use sqlx::{Connection, PgConnection};

/// Where the workloads of these tests run.
pub(super) const NAMESPACE: &str = "money-payments";

/// The path of the Deployments' watch.
pub(super) const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";

/// What is watched of a cluster.
const KINDS: usize = 7;

/// A platform that watches, and reads deployments in no other way.
pub(super) async fn watching(settings: &[(&str, &str)]) -> TestPlatform {
    let settings = [&[("WEFT_WATCH__ENABLED", "true")], settings].concat();
    let platform = TestPlatform::start_with(&settings).await;
    begun(&platform).await;
    platform
}

/// Waits until everything is watched and what was there before has been read.
pub(super) async fn begun(platform: &TestPlatform) {
    until("every kind is watched", async || (watched(platform).len() == KINDS).then_some(())).await;
    settled(platform).await;
}

/// Waits until a workload that is put now is known, and with it whatever changed before.
pub(super) async fn settled(platform: &TestPlatform) {
    let name = format!("settled-{:08x}", rand::random::<u32>());
    platform.simulator().openshift().put_app(app(&name));
    known(platform, &name).await;
}

/// The paths that watches were opened for.
pub(super) fn watched(platform: &TestPlatform) -> BTreeSet<String> {
    watches(platform).into_iter().map(|(path, _)| path).collect()
}

/// The watches that were opened, by path and the version they began at.
pub(super) fn watches(platform: &TestPlatform) -> Vec<(String, String)> {
    let calls = platform.simulator().calls(Upstream::Openshift).recent();
    let opened = calls.into_iter().filter(|call| call.query.contains("watch=1") && call.status == Some(200));
    let version = |query: &str| {
        let parameter = query.split('&').find_map(|part| part.strip_prefix("resourceVersion="));
        parameter.unwrap_or_default().to_owned()
    };
    opened.map(|call| (call.path, version(&call.query))).collect()
}

/// How often the Deployments were listed everywhere.
pub(super) fn lists(platform: &TestPlatform) -> usize {
    let calls = platform.simulator().calls(Upstream::Openshift).recent();
    calls.iter().filter(|call| call.path == DEPLOYMENTS && !call.query.contains("watch=1")).count()
}

/// A workload of `payments-api` that was rolled out once, long ago.
pub(super) fn app(name: &str) -> App {
    let mut app = App::new(NAMESPACE, name);
    app.labels.insert("backstage.io/kubernetes-id".to_owned(), "payments-api".to_owned());
    app.created_at = Clock::system().now() - TimeDelta::hours(2);
    app.rollout_every = None;
    app
}

/// The same after many rollouts, of which the last began within ten minutes.
pub(super) fn rolled_out(name: &str) -> App {
    App { rollout_every: Some(TimeDelta::minutes(10)), ..app(name) }
}

/// The revisions of a workload that are known as deployments.
pub(super) async fn revisions(platform: &TestPlatform, name: &str) -> BTreeSet<i64> {
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let keys: Vec<String> =
        sqlx::query_scalar("select source_key from deployment where source_name = 'west' and source_key like $1")
            .bind(format!("{NAMESPACE}/{name}/%"))
            .fetch_all(&mut connection)
            .await
            .unwrap();
    keys.iter().map(|key| key.rsplit('/').next().unwrap().parse().unwrap()).collect()
}

/// Waits until a workload is known.
pub(super) async fn known(platform: &TestPlatform, name: &str) {
    until("a deployment", async || (!revisions(platform, name).await.is_empty()).then_some(())).await;
}

/// Waits until a revision after the first one is known.
pub(super) async fn known_anew(platform: &TestPlatform, name: &str) {
    until("a later deployment", async || {
        revisions(platform, name).await.into_iter().any(|revision| revision > 1).then_some(())
    })
    .await;
}
