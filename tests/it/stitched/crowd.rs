//! Many who ask for the same page at the same moment.

use futures::future::join_all;
use it::{TestPlatform, TestRedis};
use serde_json::json;
use simulator::{Fault, Upstream};

use super::{PAGE, asked};

/// So many are served at once, each upstream slowly; nothing is asked besides.
const PATIENT: [(&str, &str); 22] = [
    ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "9m"),
    ("WEFT_SERVER__REQUEST_TIMEOUT", "9m"),
    ("WEFT_SOURCES__GITLAB__CACHE__FRESH", "10m"),
    ("WEFT_SOURCES__AWX__CACHE__FRESH", "10m"),
    ("WEFT_SOURCES__TERRAFORM__CACHE__FRESH", "10m"),
    ("WEFT_SOURCES__AZURE__CACHE__FRESH", "10m"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__FRESH", "10m"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__STALE", "1h"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__NEGATIVE", "60s"),
    ("WEFT_SERVER__REQUESTS_IN_FLIGHT_MAX", "2000"),
    ("WEFT_LIMITS__RATE__POINTS", "1000000000"),
    ("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "1000000"),
    ("WEFT_SOURCES__GITLAB__TIMEOUT", "60s"),
    ("WEFT_SOURCES__GITLAB__PROBE_INTERVAL", "1h"),
    ("WEFT_SOURCES__AWX__TIMEOUT", "60s"),
    ("WEFT_SOURCES__AWX__PROBE_INTERVAL", "1h"),
    ("WEFT_SOURCES__TERRAFORM__TIMEOUT", "60s"),
    ("WEFT_SOURCES__TERRAFORM__PROBE_INTERVAL", "1h"),
    ("WEFT_SOURCES__AZURE__TIMEOUT", "60s"),
    ("WEFT_SOURCES__AZURE__PROBE_INTERVAL", "1h"),
    ("WEFT_SOURCES__OPENSHIFT[0]__TIMEOUT", "60s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__PROBE_INTERVAL", "1h"),
];

/// Calls that each upstream has had, of those that fetch data or a token for it.
fn calls(platform: &TestPlatform) -> Vec<usize> {
    Upstream::SOURCES.iter().map(|upstream| asked(platform, *upstream).len()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_equal_cold_pages_of_two_replicas_cost_each_upstream_at_most_twice_what_one_costs() {
    let Some(redis) = TestRedis::shared().await else { return };
    let input = json!({ "first": 5 });
    let alone = TestPlatform::start_with(&PATIENT).await;
    alone.app().sources.probe().await;
    super::forget_calls(&alone);
    alone.client("engineer").data(PAGE, input.clone()).await;
    let of_one = calls(&alone);
    alone.stop().await;

    let shared = redis.settings();
    let settings: Vec<(&str, &str)> =
        shared.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(PATIENT).collect();
    let platform = TestPlatform::start_with(&settings).await;
    let other = platform.replica().await;
    for sources in [&platform.app().sources, &other.app().sources] {
        sources.probe().await;
    }
    super::forget_calls(&platform);
    for upstream in Upstream::SOURCES {
        platform.simulator().faults(upstream).always(Fault::Latency { delay_ms: 2_000 });
    }
    let clients = [platform.client("engineer"), other.engineer()];
    let answers = join_all((0..1_000).map(|n| clients[n % 2].data(PAGE, input.clone()))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "equal questions had different answers");
    let of_all = calls(&platform);
    println!("calls of one and of a thousand, by upstream: {of_one:?} {of_all:?}");
    for (upstream, (one, all)) in Upstream::SOURCES.iter().zip(of_one.iter().zip(&of_all)) {
        assert!((1..=2 * one).contains(all), "{upstream:?}: {all} calls, {one} of a single page");
    }
    other.stop().await;
    platform.stop().await;
    redis.stop().await;
}
