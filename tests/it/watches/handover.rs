//! Two replicas: one watches, and when it is killed the other one does.

use std::time::{Duration, Instant};

use it::{Program, TestPlatform, until};

use super::{app, begun, known, known_anew, rolled_out, watched};

/// How soon the other one must watch.
const TAKEOVER_MAX: Duration = Duration::from_secs(60);

const LEADS: &str = "weft_watch_leads{source=\"west\"} 1";
const FOLLOWS: &str = "weft_watch_leads{source=\"west\"} 0";
const UP: &str = "weft_watch_up{source=\"west\",kind=\"deployments\"} 1";

async fn start(platform: &TestPlatform) -> Program {
    let settings = [("WEFT_WATCH__ENABLED", "true"), ("WEFT_WATCH__LEASE", "6s")];
    platform.program_with(&Program::of_this_build(), &settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_is_killed_and_the_other_one_goes_on_without_loss() {
    let platform = TestPlatform::start().await;
    let cluster = platform.simulator().openshift();
    let first = start(&platform).await;
    begun(&platform).await;
    until("the first one watches", async || first.measures(LEADS).await.then_some(())).await;
    let mut second = start(&platform).await;
    until("the second one waits", async || second.measures(FOLLOWS).await.then_some(())).await;
    let mut watching = first;
    for turn in 0..3 {
        let (before, between) = (format!("before-{turn}"), format!("between-{turn}"));
        cluster.put_app(app(&before));
        known(&platform, &before).await;
        assert!(second.measures(FOLLOWS).await, "both watch");
        let killed = Instant::now();
        watching.stop().await;
        cluster.put_app(app(&between));
        cluster.put_app(rolled_out(&before));
        until("the other one watches", async || second.measures(UP).await.then_some(())).await;
        assert!(killed.elapsed() < TAKEOVER_MAX, "turn {turn}: {:?}", killed.elapsed());
        known(&platform, &between).await;
        known_anew(&platform, &before).await;
        watching = second;
        second = start(&platform).await;
        until("the next one waits", async || second.measures(FOLLOWS).await.then_some(())).await;
    }
    assert_eq!(watched(&platform).len(), 7);
    watching.stop().await;
    second.stop().await;
    platform.stop().await;
}
