//! A rollout is told at once, and what is kept of workloads is forgotten.

use std::time::{Duration, Instant};

use it::{EventStream, TestRedis};
use serde_json::json;
use simulator::Upstream;

use super::{NAMESPACE, app, known, known_anew, lists, rolled_out, settled, watches, watching};

#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_reaches_subscribers_within_a_second_and_is_shown_by_the_next_query() {
    let platform = watching(&[]).await;
    let client = platform.client("engineer");
    let cluster = platform.simulator().openshift();
    let query = "subscription { deploymentChanged(filter: { component: [\"component:default/payments-api\"] }) {
        ... on DeploymentChange { kind deployment { url version } } } }";
    let shown =
        "{ component(ref: \"component:default/payments-api\") { workloads(first: 100) { nodes { name revision } } } }";
    let mut took = Vec::new();
    for number in 0..5 {
        let name = format!("told-{number}");
        cluster.put_app(app(&name));
        known(&platform, &name).await;
        // The lists are warm, and know the first revision.
        client.data(shown, json!({})).await;
        settled(&platform).await;
        let mut events = EventStream::open(&client, query, json!({})).await;
        let begun = Instant::now();
        cluster.put_app(rolled_out(&name));
        events.next("deploymentChanged").await;
        took.push(begun.elapsed());
        known_anew(&platform, &name).await;
        it::until("the new revision is shown", async || {
            let data = client.data(shown, json!({})).await;
            let nodes = data["component"]["workloads"]["nodes"].as_array().unwrap().clone();
            let workload = nodes.into_iter().find(|node| node["name"] == name).unwrap();
            (workload["revision"] != "1").then_some(())
        })
        .await;
    }
    took.sort_unstable();
    // Half a second is what readings wait for each other; the machine may be busy with other tests.
    assert!(took[2] < Duration::from_secs(15), "{took:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_changes_is_few_readings_and_loses_none() {
    let platform = watching(&[("WEFT_WATCH__WAITING_MAX", "20")]).await;
    let cluster = platform.simulator().openshift();
    settled(&platform).await;
    platform.simulator().calls(Upstream::Openshift).reset();
    let begun = Instant::now();
    for round in 0..10 {
        for number in 0..15 {
            let name = format!("storm-{number}");
            cluster.put_app(if round % 2 == 0 { app(&name) } else { rolled_out(&name) });
        }
        // One that is read in between: the next changes come while others wait.
        settled(&platform).await;
    }
    for number in 0..15 {
        known_anew(&platform, &format!("storm-{number}")).await;
    }
    let readings = {
        let calls = platform.simulator().calls(Upstream::Openshift).recent();
        let within = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
        calls.iter().filter(|call| call.path == within).count()
    };
    let allowed = usize::try_from(begun.elapsed().as_millis() / 500 + 2).unwrap();
    assert!((1..=allowed).contains(&readings), "{readings} readings in {:?}", begun.elapsed());
    assert_eq!(lists(&platform), 0, "fewer than `waiting_max` are read by themselves");
    // More than may wait at once: the cluster is read as a whole.
    for number in 0..25 {
        cluster.put_app(app(&format!("flood-{number}")));
    }
    for number in 0..25 {
        known(&platform, &format!("flood-{number}")).await;
    }
    assert!(lists(&platform) > 0, "beyond `waiting_max` nothing was read as a whole");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ends_or_is_cut_goes_on_from_where_it_was_and_loses_nothing() {
    let settings = [("WEFT_WATCH__CONNECTION_LIFE", "2s")];
    let platform = watching(&settings).await;
    let cluster = platform.simulator().openshift();
    let begun_with = lists(&platform);
    for number in 0..20 {
        cluster.put_app(app(&format!("cut-{number}")));
        if number % 2 == 0 {
            cluster.cut_watches();
        }
        cluster.put_app(rolled_out(&format!("cut-{number}")));
        known(&platform, &format!("cut-{number}")).await;
    }
    for number in 0..20 {
        known_anew(&platform, &format!("cut-{number}")).await;
    }
    let opened = watches(&platform);
    // Each of the seven was taken up again and again.
    assert!(opened.len() > 7 * 2, "{} connections", opened.len());
    assert_eq!(lists(&platform), begun_with, "what can go on is not listed");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_do_not_watch_forget_their_lists_as_well() {
    let Some(redis) = TestRedis::shared().await else { return };
    let settings = redis.settings();
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let platform = watching(&settings).await;
    let replica = platform.replica().await;
    let cluster = platform.simulator().openshift();
    cluster.put_app(app("shared"));
    known(&platform, "shared").await;
    let shown =
        "{ component(ref: \"component:default/payments-api\") { workloads(first: 100) { nodes { name revision } } } }";
    let revision = async |client: it::Client| {
        let data = client.data(shown, json!({})).await;
        let nodes = data["component"]["workloads"]["nodes"].as_array().unwrap().clone();
        let found = nodes.into_iter().find(|node| node["name"] == "shared")?;
        found["revision"].as_str().map(str::to_owned)
    };
    for client in [replica.engineer(), platform.client("engineer")] {
        it::until("the first revision is kept", async || {
            (revision(client.clone()).await.as_deref() == Some("1")).then_some(())
        })
        .await;
    }
    cluster.put_app(rolled_out("shared"));
    // Lists are fresh for longer than anybody waits here: whoever does not forget shows the first one still.
    for client in [replica.engineer(), platform.client("engineer")] {
        it::until("the new revision is shown", async || {
            (revision(client.clone()).await.as_deref() != Some("1")).then_some(())
        })
        .await;
    }
    replica.stop().await;
    platform.stop().await;
    redis.stop().await;
}
