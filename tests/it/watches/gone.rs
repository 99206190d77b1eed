//! Bookmarks, and versions that are too old.

use chrono::TimeDelta;
use it::{TestPlatform, until};
use simulator::{Fault, Upstream, openshift::StaleWatch};

use super::{DEPLOYMENTS, app, known, known_anew, lists, rolled_out, watches, watching};

/// The versions that the Deployments were watched from.
fn versions(platform: &TestPlatform) -> Vec<u64> {
    let opened = watches(platform).into_iter().filter(|(path, _)| path == DEPLOYMENTS);
    opened.map(|(_, version)| version.parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bookmark_is_where_a_watch_goes_on() {
    let platform = watching(&[]).await;
    let cluster = platform.simulator().openshift();
    let begun_with = lists(&platform);
    cluster.put_app(app("last"));
    known(&platform, "last").await;
    // From here on nothing of the workloads changes by itself within the test; only bookmarks move the version.
    cluster.change(|world| world.bookmark_every(TimeDelta::seconds(1)));
    let before = versions(&platform).last().copied().unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    cluster.change(|world| world.watch_expired_after(TimeDelta::seconds(2)));
    cluster.cut_watches();
    until("the watch goes on", async || versions(&platform).last().filter(|version| **version > before).map(|_| ()))
        .await;
    assert_eq!(lists(&platform), begun_with, "a bookmark spares the list");
    cluster.put_app(rolled_out("last"));
    known_anew(&platform, "last").await;
    platform.stop().await;
}

/// Watches that were asked for, answered or not.
fn watches_arrived(platform: &TestPlatform) -> usize {
    let calls = platform.simulator().calls(Upstream::Openshift).recent();
    calls.iter().filter(|call| call.query.contains("watch=1")).count()
}

async fn is_survived(answer: StaleWatch) {
    // The connection after the cut is on its way for longer than its version lives.
    let platform = watching(&[("WEFT_SOURCES__OPENSHIFT[0]__TIMEOUT", "20s")]).await;
    let cluster = platform.simulator().openshift();
    cluster.put_app(app("before"));
    cluster.put_app(app("untouched"));
    known(&platform, "before").await;
    known(&platform, "untouched").await;
    cluster.change(|world| world.stale_watch(answer).watch_expired_after(TimeDelta::seconds(1)));
    let begun_with = lists(&platform);
    platform.simulator().faults(Upstream::Openshift).always(Fault::Latency { delay_ms: 3_000 });
    cluster.cut_watches();
    // Nobody hears of these.
    cluster.put_app(rolled_out("before"));
    cluster.put_app(app("new"));
    cluster.remove_app(super::NAMESPACE, "untouched");
    until("all have come back", async || (watches_arrived(&platform) >= 14).then_some(())).await;
    platform.simulator().faults(Upstream::Openshift).clear();
    // Asked for is enough: from here on a slow machine has time to go on from that list.
    until("it is listed anew", async || (lists(&platform) > begun_with).then_some(())).await;
    cluster.change(|world| world.watch_expired_after(TimeDelta::minutes(5)));
    known(&platform, "new").await;
    known_anew(&platform, "before").await;
    let calls = platform.simulator().calls(Upstream::Openshift).recent();
    assert_eq!(calls.iter().any(|call| call.status == Some(410)), answer == StaleWatch::Gone);
    // The watch itself is up again: what comes now is heard of.
    cluster.put_app(rolled_out("new"));
    known_anew(&platform, "new").await;
    assert_eq!(lists(&platform), begun_with + 1, "it is listed once");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_refused_with_410_leads_to_a_list_and_what_changed_in_it() {
    is_survived(StaleWatch::Gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_refused_by_an_event_leads_to_a_list_and_what_changed_in_it() {
    is_survived(StaleWatch::ErrorEvent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_beyond_its_bound_has_its_kind_listed_anew() {
    let platform = watching(&[("WEFT_WATCH__EVENT_MAX", "4 KiB")]).await;
    let cluster = platform.simulator().openshift();
    let begun_with = lists(&platform);
    let mut large = rolled_out("large");
    large.annotations.insert("example.com/note".to_owned(), "x".repeat(8 << 10));
    cluster.put_app(large);
    known_anew(&platform, "large").await;
    until("the kind is listed", async || (lists(&platform) > begun_with).then_some(())).await;
    platform.stop().await;
}
