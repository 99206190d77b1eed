//! Receipts and `@fresh` of every upstream.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use it::{Answer, Client, TestPlatform};
use serde_json::{Value, json};
use simulator::{Fault, Upstream};
use sources::Clock;

use super::{asked, fed_by};

/// One field of each upstream.
const QUERY: &str = "query($age: Int!) { component(ref: \"payments-api\") {
    repository @fresh(maxAgeSeconds: $age) { path }
    workloads(first: 5) @fresh(maxAgeSeconds: $age) { nodes { name } }
    automationTemplates @fresh(maxAgeSeconds: $age) { name }
    workspaces @fresh(maxAgeSeconds: $age) { name }
    cloudResources(first: 5) @fresh(maxAgeSeconds: $age) { nodes { name } } } }";

/// Short waits, and nobody is refused for asking much.
const QUICK: [(&str, &str); 10] = [
    ("WEFT_LIMITS__RATE__POINTS", "1000000000"),
    ("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "1000000"),
    ("WEFT_SOURCES__GITLAB__BREAKER__OPEN_FOR", "2s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__BREAKER__FAILURES_MAX", "5"),
    ("WEFT_SOURCES__OPENSHIFT[0]__BREAKER__OPEN_FOR", "2s"),
    ("WEFT_SOURCES__AWX__BREAKER__OPEN_FOR", "2s"),
    ("WEFT_SOURCES__TERRAFORM__BREAKER__OPEN_FOR", "2s"),
    ("WEFT_SOURCES__TERRAFORM__QUOTA__CALLS", "100000"),
    ("WEFT_SOURCES__AZURE__BREAKER__OPEN_FOR", "2s"),
    ("WEFT_SOURCES__AZURE__GRAPH_QUOTA__CALLS", "100000"),
];

async fn ask(client: &Client, age: i64) -> Value {
    let body = json!({ "query": QUERY, "variables": { "age": age } });
    Answer::of(client.post().header("X-Query-Receipts", "true").json(&body)).await.json()
}

fn moment(receipt: &Value) -> DateTime<Utc> {
    receipt["fetchedAt"].as_str().unwrap().parse().unwrap()
}

fn receipts(answer: &Value) -> &Vec<Value> {
    answer["extensions"]["receipts"].as_array().unwrap_or_else(|| panic!("no receipts: {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_receipt_tells_when_the_upstream_was_asked_by_its_own_log() {
    let platform = TestPlatform::start_with(&QUICK).await;
    let client = platform.client("engineer");
    for is_known in [false, true] {
        let begun = Clock::system().now();
        let answer = ask(&client, 60).await;
        let now = Clock::system().now();
        assert!(answer.get("errors").is_none(), "{answer}");
        for upstream in Upstream::SOURCES {
            let (fields, source) = fed_by(upstream);
            let own: Vec<&Value> = receipts(&answer).iter().filter(|receipt| receipt["source"] == source).collect();
            assert!(!own.is_empty(), "{source} has no receipt: {answer}");
            assert!(!is_known || own.iter().all(|receipt| receipt["layer"] == "memory"), "{source}: {answer}");
            for receipt in own {
                assert!(fields.contains(&receipt["path"][1].as_str().unwrap()), "{receipt}");
                let log = asked(&platform, upstream);
                let nearest = log.iter().map(|call| (call.at - moment(receipt)).abs()).min().unwrap();
                assert!(nearest < TimeDelta::seconds(10), "{source} was asked {nearest} from {receipt}");
                let age = TimeDelta::milliseconds(receipt["ageMs"].as_i64().unwrap());
                // Of the moment when the field was served, while the answer was made; told in milliseconds.
                let served = moment(receipt) + age;
                let slack = TimeDelta::milliseconds(2);
                assert!(begun - slack <= served && served <= now + slack, "{receipt}: {begun} to {now}");
            }
        }
    }
    platform.stop().await;
}

/// Two thousand tries of five fields each, while one upstream after the other is slow, fails, and breaks off, and time goes by.
#[tokio::test(flavor = "multi_thread")]
async fn no_upstreams_data_is_older_than_asked_for_in_ten_thousand_tries_under_faults() {
    const AGE_S: i64 = 5;
    let ahead = Arc::new(AtomicI64::new(0));
    let (told, system) = (Arc::clone(&ahead), Clock::system());
    let clock = Clock::of(move || system.now() + TimeDelta::milliseconds(told.load(Ordering::SeqCst)));
    let platform = TestPlatform::start_at(&QUICK, clock.clone()).await;
    let client = platform.client("engineer");
    let faults =
        [Fault::Status { code: 502 }, Fault::LatencySpread { min_ms: 1, max_ms: 100 }, Fault::BrokenBody, Fault::Html];
    let (mut served, mut refused, mut kept) = (0, 0, 0);
    for round in 0..100 {
        let upstream = Upstream::SOURCES[round % 5];
        platform.simulator().faults(upstream).always(faults[(round / 5) % faults.len()].clone());
        let answers = join_all((0..20).map(|_| async {
            let asked_at = clock.now();
            (asked_at, ask(&client, AGE_S).await)
        }))
        .await;
        platform.simulator().faults(upstream).clear();
        for (asked_at, answer) in answers {
            let errors = answer["errors"].as_array().map_or(0, Vec::len);
            let component = &answer["data"]["component"];
            let nulls = component.as_object().unwrap().values().filter(|field| field.is_null()).count();
            assert_eq!(nulls, errors, "{answer}");
            refused += errors;
            for receipt in receipts(&answer) {
                // Told in milliseconds.
                let age = asked_at - moment(receipt) - TimeDelta::milliseconds(1);
                assert!(age <= TimeDelta::seconds(AGE_S), "{age} old when it was asked for: {receipt}");
                kept += usize::from(receipt["layer"] == "memory");
            }
            served += 5 - errors;
        }
        ahead.fetch_add(1_700, Ordering::SeqCst);
    }
    println!("{served} served, {kept} receipts from memory, {refused} refused");
    assert_eq!(served + refused, 10_000);
    assert!(served > 5_000 && kept > 1_000 && refused > 100, "{served} served, {kept} from memory, {refused} refused");
    platform.stop().await;
}
