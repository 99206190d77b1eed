//! What may not be watched is let be, and told; the rest goes on.

use it::{TestPlatform, until};
use serde_json::json;
use simulator::{Upstream, openshift::App};

use super::{app, known, known_anew, rolled_out, settled, watched, watching};

const DEPLOYMENTS: &str = super::DEPLOYMENTS;

/// How often the watch of this path was refused.
fn refusals(platform: &TestPlatform, path: &str) -> usize {
    let calls = platform.simulator().calls(Upstream::Openshift).recent();
    calls.iter().filter(|call| call.path == path && call.status == Some(403)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_may_not_be_watched_is_told_and_disables_that_watch_alone() {
    let settings = [("WEFT_WATCH__REFUSED_RETRY", "3s")];
    let platform = watching(&settings).await;
    let cluster = platform.simulator().openshift();
    let begun = std::time::Instant::now();
    cluster.change(|world| world.forbid_watch("deployments"));
    cluster.cut_watches();
    until("the watch is refused", async || (refusals(&platform, DEPLOYMENTS) > 0).then_some(())).await;
    // ReplicaSets are watched still, and tell of the rollout.
    cluster.put_app(app("still"));
    known(&platform, "still").await;
    let client = platform.client("engineer");
    let sources = client.data("{ sources { name status lastError } }", json!({})).await;
    let west = sources["sources"].as_array().unwrap().iter().find(|source| source["name"] == "west").unwrap().clone();
    assert!(west.to_string().contains("may not watch deployments in all namespaces"), "{west}");
    assert_eq!(west["status"], "HEALTHY", "{west}");
    let most = usize::try_from(begun.elapsed().as_secs() / 3).unwrap() + 2;
    assert!(refusals(&platform, DEPLOYMENTS) <= most, "it is asked again and again");
    // The right comes back, and with it the watch.
    cluster.change(|world| world.allow_watch("deployments"));
    platform.simulator().calls(Upstream::Openshift).reset();
    until("it is watched again", async || watched(&platform).contains(DEPLOYMENTS).then_some(())).await;
    settled(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_namespaces_that_are_named_a_forbidden_one_is_let_be() {
    let settings = [
        ("WEFT_WATCH__ENABLED", "true"),
        ("WEFT_SOURCES__OPENSHIFT[0]__NAMESPACES", "[\"money-payments\", \"money-hidden\"]"),
    ];
    let platform = TestPlatform::start_with(&settings).await;
    let cluster = platform.simulator().openshift();
    cluster.put_app(App::new("money-hidden", "unseen"));
    cluster.change(|world| world.hide_namespace("money-hidden"));
    // Those that were open before the right was gone would go on.
    cluster.cut_watches();
    platform.simulator().calls(Upstream::Openshift).reset();
    let hidden = "/apis/apps/v1/namespaces/money-hidden/replicasets";
    until("the hidden one is refused", async || (refusals(&platform, hidden) > 0).then_some(())).await;
    let own = "/apis/apps/v1/namespaces/money-payments/replicasets";
    until("the other one is watched", async || watched(&platform).contains(own).then_some(())).await;
    cluster.put_app(app("seen"));
    known(&platform, "seen").await;
    cluster.put_app(rolled_out("seen"));
    known_anew(&platform, "seen").await;
    assert!(watched(&platform).iter().all(|path| !path.contains("money-hidden")), "{:?}", watched(&platform));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_openshifts_own_kinds_is_watched_for_the_rest() {
    let platform = TestPlatform::start_with(&[("WEFT_WATCH__ENABLED", "false")]).await;
    platform.simulator().openshift().change(|world| world.without_group("apps.openshift.io"));
    let replica = platform.program_with(&it::Program::of_this_build(), &[("WEFT_WATCH__ENABLED", "true")]).await;
    until("six kinds are watched", async || (watched(&platform).len() == 6).then_some(())).await;
    settled(&platform).await;
    assert_eq!(watched(&platform).len(), 6);
    replica.stop().await;
    platform.stop().await;
}
