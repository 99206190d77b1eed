//! Calls as they go over the wire, to a server that answers what a test says.

mod server;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    caches,
    host::{self, Hosts},
    key::of_page,
};
use server::Server;

/// A page of hosts, of which every tenth failed and was changed before.
fn hosts(count: usize) -> Value {
    let host = |n: usize| {
        let bad = i32::from(n.is_multiple_of(10));
        json!({ "host_name": format!("host-{n:03}"), "ok": 4, "changed": bad, "failures": bad, "dark": 0, "skipped": null })
    };
    json!({ "results": (0..count).map(host).collect::<Vec<_>>() })
}

/// How the hosts of run 46 are read from a server that answers so.
async fn read(detail: (u16, Value), answer: impl Fn(&str) -> Value + Send + 'static) -> (Option<Hosts>, Vec<String>) {
    let server =
        Server::start(move |path| if path == "/api/v2/jobs/46/" { detail.clone() } else { (200, answer(path)) });
    let hosts = host::read(&server.client(), 46).await.unwrap();
    (hosts, server.asked())
}

#[tokio::test]
async fn a_host_counts_under_each_of_its_results() {
    let settled = (200, json!({ "event_processing_finished": true }));
    let (found, asked) = read(settled, |_| hosts(24)).await;
    let Hosts { summary, is_settled } = found.unwrap();
    assert!(is_settled);
    assert_eq!((summary.ok, summary.changed, summary.failed, summary.unreachable, summary.skipped), (24, 3, 3, 0, 0));
    assert_eq!(summary.failed_names, ["host-000", "host-010", "host-020"]);
    assert_eq!(
        asked,
        ["/api/v2/jobs/46/", "/api/v2/jobs/46/job_host_summaries/?order_by=host_name&page_size=200&count_disabled=1"]
    );
}

#[tokio::test]
async fn more_hosts_than_a_page_holds_are_counted_by_awx() {
    let settled = (200, json!({ "event_processing_finished": false }));
    let (found, asked) = read(settled, |path| match path.split_once("/?").unwrap().1 {
        "ok__gt=0&page_size=1" => json!({ "count": 5_000, "results": [{}] }),
        "changed__gt=0&page_size=1" => json!({ "count": 300, "results": [{}] }),
        "failures__gt=0&page_size=1" => json!({ "count": 25, "results": [{}] }),
        "dark__gt=0&page_size=1" => json!({ "count": 2, "results": [{}] }),
        "skipped__gt=0&page_size=1" => json!({ "count": 0, "results": [] }),
        query if query.starts_with("or__failures__gt=0&or__dark__gt=0&order_by=host_name&page_size=20") => hosts(20),
        _ => hosts(200),
    })
    .await;
    let Hosts { summary, is_settled } = found.unwrap();
    assert!(!is_settled);
    assert_eq!(
        (summary.ok, summary.changed, summary.failed, summary.unreachable, summary.skipped),
        (5_000, 300, 25, 2, 0)
    );
    assert_eq!((summary.failed_names.len(), asked.len()), (20, 8));
}

#[tokio::test]
async fn hosts_that_are_not_known_yet_are_not_none() {
    let empty = |_: &str| json!({ "results": [] });
    let (running, _) = read((200, json!({ "event_processing_finished": false })), empty).await;
    assert!(running.is_none());
    let (over, _) = read((200, json!({ "event_processing_finished": true })), empty).await;
    assert_eq!(over.unwrap().summary.ok, 0);
    let (gone, asked) = read((404, json!({ "detail": "No Job matches the given query." })), empty).await;
    assert!(gone.is_none() && asked.len() == 1);
}

#[tokio::test]
async fn a_page_longer_than_awx_gives_takes_another_call() {
    let server = Server::start(|path| {
        let query: HashMap<String, String> =
            url::Url::parse(&format!("http://x{path}")).unwrap().query_pairs().into_owned().collect();
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<i64>().ok());
        let newest = number("id__lt").unwrap_or(1_001) - 1;
        let jobs = (0..number("page_size").unwrap()).map(|n| json!({ "id": newest - n, "unified_job_template": 7 }));
        (200, json!({ "results": jobs.collect::<Vec<_>>() }))
    });
    let key = of_page("acme", &[7, 9], Some(901), 301);
    let found = caches::pages(server.client(), vec![key.clone()]).await.unwrap();
    let numbers: Vec<i32> = found[&key].iter().map(|job| job.number).collect();
    assert_eq!(numbers, (600..=900).rev().collect::<Vec<_>>());
    let asked = |before: i32, rows: usize| {
        let templates = "unified_job_template__in=7%2C9&order_by=-id";
        format!("/api/v2/unified_jobs/?{templates}&id__lt={before}&page_size={rows}&count_disabled=1")
    };
    assert_eq!(server.asked(), [asked(901, 200), asked(701, 101)]);
}
