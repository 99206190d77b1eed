//! What the live fields of a list were written as is kept, and never outlives what it was made of.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::TimeDelta;
use it::{Answer, TestPlatform};
use resolvers::ListOutcome::{self, Hit, Miss, TooLarge};
use serde_json::{Value, json};
use simulator::{Fault, Upstream};
use sources::Clock;
use sqlx::{Connection, PgConnection};

use super::{DEAR, PAGE, asked, forget_calls};

fn counted(platform: &TestPlatform, outcome: ListOutcome) -> u64 {
    platform.app().kept_lists.as_ref().map_or(0, |lists| lists.counted(outcome))
}

fn no_probes(settings: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let every = [
        ("WEFT_SOURCES__GITLAB__PROBE_INTERVAL", "1h"),
        ("WEFT_SOURCES__AWX__PROBE_INTERVAL", "1h"),
        ("WEFT_SOURCES__TERRAFORM__PROBE_INTERVAL", "1h"),
        ("WEFT_SOURCES__AZURE__PROBE_INTERVAL", "1h"),
        ("WEFT_SOURCES__OPENSHIFT[0]__PROBE_INTERVAL", "1h"),
    ];
    [settings, &every, &[DEAR]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_page_says_what_the_caches_say_until_the_first_of_them_is_old() {
    let ahead = Arc::new(AtomicI64::new(0));
    let (told, system) = (Arc::clone(&ahead), Clock::system());
    let clock = Clock::of(move || system.now() + TimeDelta::seconds(told.load(Ordering::SeqCst)));
    let platform = TestPlatform::start_at(&no_probes(&[]), clock).await;
    let client = platform.client("engineer");
    let first = json!({ "first": 50 });
    let page = client.data(PAGE, first.clone()).await;
    let before = counted(&platform, Hit);
    assert_eq!(client.data(PAGE, first.clone()).await, page);
    assert_eq!(counted(&platform, Hit), before + 1, "the page was not kept");

    // Another page, other fields, another order of the same: each has a place of its own.
    let five = client.data(PAGE, json!({ "first": 5 })).await;
    assert_eq!(five["components"]["nodes"].as_array().unwrap(), &page["components"]["nodes"].as_array().unwrap()[..5]);
    let fewer = client.data(&PAGE.replace("name organization", "name"), first.clone()).await;
    let workspaces = |page: &Value| page["components"]["nodes"].to_string().matches("\"organization\"").count();
    assert!(workspaces(&page) > 0 && workspaces(&fewer) == 0);
    let edges = PAGE.replace("nodes {\n    ref", "edges { node {\n    ref").replace("} } } }", "} } } } }");
    let edges = client.data(&edges, first.clone()).await;
    let nodes: Vec<&Value> =
        edges["components"]["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]).collect();
    assert_eq!(nodes, page["components"]["nodes"].as_array().unwrap().iter().collect::<Vec<_>>());

    // Who accepts nothing old, or asks where it came from, is answered by the caches and the upstreams themselves.
    forget_calls(&platform);
    let fresh = PAGE.replace("workspaces {", "workspaces @fresh(maxAgeSeconds: 0) {");
    assert_eq!(client.data(&fresh, first.clone()).await, page);
    assert!(!asked(&platform, Upstream::Terraform).is_empty(), "`@fresh` was answered from what was kept");
    let body = json!({ "query": PAGE, "variables": first });
    let told = Answer::of(client.post().header("X-Query-Receipts", "true").json(&body)).await.json();
    assert!(told["extensions"]["receipts"].as_array().is_some_and(|receipts| receipts.len() > 100), "{told}");

    // `@fresh` brought new workspaces: what rested on the old ones is put together anew, once.
    let misses = counted(&platform, Miss);
    assert_eq!(client.data(PAGE, first.clone()).await, page);
    assert_eq!(client.data(PAGE, first.clone()).await, page);
    assert_eq!(counted(&platform, Miss), misses + 1);

    // Old: served as stale and marked, while every upstream is asked behind.
    ahead.store(3_600, Ordering::SeqCst);
    forget_calls(&platform);
    let stale = client.query(PAGE, first.clone()).await;
    let marks = stale["extensions"]["stale"].as_array().map_or(0, Vec::len);
    let nulls = stale["errors"].as_array().map_or(0, Vec::len);
    let is_asked = Upstream::SOURCES.iter().any(|upstream| !asked(&platform, *upstream).is_empty());
    assert!(marks + nulls > 0 || is_asked, "an hour later the page was still taken for new");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_annotation_or_another_tenant_is_another_page() {
    let platform = TestPlatform::start_with(&no_probes(&[])).await;
    let client = platform.client("engineer");
    let query = "{ components(first: 50) { nodes { ref repository { path } } } }";
    let read = async || client.data(query, json!({})).await["components"]["nodes"].clone();
    let page = read().await;
    let with_path: Vec<&Value> =
        page.as_array().unwrap().iter().filter(|node| node["repository"]["path"].is_string()).collect();
    let (one, other) = (with_path[0], with_path[1]);
    assert_eq!(read().await, page);
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    sqlx::query(
        "update entity set annotations = (select annotations from entity where ref = $1 limit 1) where ref = $2",
    )
    .bind(other["ref"].as_str())
    .bind(one["ref"].as_str())
    .execute(&mut connection)
    .await
    .unwrap();
    let changed = read().await;
    let now = changed.as_array().unwrap().iter().find(|node| node["ref"] == one["ref"]).unwrap();
    assert_eq!(now["repository"], other["repository"]);

    let strangers = platform.client("other_tenant_engineer").data(query, json!({})).await.to_string();
    for node in with_path {
        assert!(!strangers.contains(node["repository"]["path"].as_str().unwrap()), "{node} is another tenant's");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_not_kept() {
    let platform = TestPlatform::start_with(&no_probes(&[])).await;
    let client = platform.client("engineer");
    platform.simulator().faults(Upstream::Azure).always(Fault::Status { code: 502 });
    let failed = client.query(PAGE, json!({ "first": 50 })).await;
    assert!(failed["errors"].as_array().is_some_and(|errors| !errors.is_empty()), "{failed}");
    platform.simulator().faults(Upstream::Azure).clear();
    it::until("the page is whole again", async || {
        client.query(PAGE, json!({ "first": 50 })).await.get("errors").is_none().then_some(())
    })
    .await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_would_take_too_much_room_is_not_kept_and_without_room_none_is() {
    for (room, too_large) in [("8 KiB", 2), ("0", 0)] {
        let platform = TestPlatform::start_with(&no_probes(&[("WEFT_SERVER__KEPT_LISTS", room)])).await;
        let client = platform.client("engineer");
        let page = client.data(PAGE, json!({ "first": 50 })).await;
        forget_calls(&platform);
        assert_eq!(client.data(PAGE, json!({ "first": 50 })).await, page);
        for upstream in Upstream::SOURCES {
            assert_eq!(asked(&platform, upstream).len(), 0, "{upstream:?} was asked for what the caches have");
        }
        assert_eq!(counted(&platform, Hit), 0, "{room}: a list was kept");
        assert_eq!(counted(&platform, TooLarge), too_large, "{room}");
        platform.stop().await;
    }
}
