//! What changes is seen within a second, on every replica, whoever wrote it.

use std::time::{Duration, Instant};

use gateway::config::Environment;
use it::{Client, TestPlatform};
use serde_json::{Value, json};

use super::{listens, platform_with};
use crate::{
    cost::{Folder, Importer, Line},
    deployments,
};

/// How often each kind of change is tried; WEFT_TEST_CHANGES for more.
const TRIES: usize = 8;
/// How long a change may take to be seen.
const WITHIN: Duration = Duration::from_secs(1);

fn tries() -> usize {
    Environment::of_process().get("WEFT_TEST_CHANGES").map_or(TRIES, |tries| tries.parse().unwrap())
}

/// Asks until the answer is the expected one; how long after the change that was. Asked again and again, so that what is kept is kept.
async fn seen_after(changed_at: Instant, client: &Client, query: &str, expected: &Value, pointer: &str) -> Duration {
    loop {
        let asked_at = Instant::now();
        let data = client.data(query, json!({})).await;
        if data.pointer(pointer) == Some(expected) {
            return asked_at.saturating_duration_since(changed_at);
        }
        let waited = asked_at.saturating_duration_since(changed_at);
        assert!(waited < WITHIN, "after {waited:?} {:?} instead of {expected}", data.pointer(pointer));
    }
}

/// Lets both replicas keep the answer, changes something, and looks at both.
async fn try_changes(clients: &[Client; 2], query: &str, pointer: &str, mut change: impl AsyncFnMut(usize) -> Value) {
    let mut slowest = Duration::ZERO;
    for number in 0..tries() {
        for client in clients {
            client.data(query, json!({})).await;
            let kept = client.send(query, json!({})).await;
            assert!(kept.headers.contains_key("age"), "nothing is kept: {}", kept.text);
        }
        let expected = change(number).await;
        let changed_at = Instant::now();
        let seen = clients.each_ref().map(|client| seen_after(changed_at, client, query, &expected, pointer));
        let seen = futures::future::join_all(seen).await;
        slowest = seen.into_iter().fold(slowest, Duration::max);
    }
    println!("{} changes, the slowest was seen after {slowest:?}", tries());
}

async fn two_replicas(platform: &TestPlatform) -> (it::Replica, [Client; 2]) {
    let other = platform.replica().await;
    listens(other.app(), "default").await;
    let clients = [platform.client("engineer"), other.engineer()];
    (other, clients)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_entity_is_seen_on_both_replicas() {
    let platform = platform_with(&[]).await;
    let (other, clients) = two_replicas(&platform).await;
    let folder = Folder::new("seen");
    let config = platform.app().config.catalog.clone();
    let query = "{ component(ref: \"changes-often\") { title } components(first: 10) { nodes { ref } totalCount } }";
    let write = async |number: usize| {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: changes-often\n  title: \"title {number}\"\n\
             spec:\n  type: service\n  lifecycle: production\n  owner: payments\n"
        );
        let path = folder.write_text("changes-often.yaml", &text);
        let report =
            gateway::commands::import_catalog(platform.database(), &config, "default", std::slice::from_ref(&path))
                .await;
        assert!(report.unwrap().refused.is_empty());
        json!(format!("title {number}"))
    };
    write(usize::MAX).await;
    try_changes(&clients, query, "/component/title", write).await;
    other.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_deployment_is_seen_on_both_replicas() {
    let platform = platform_with(&[]).await;
    let (other, clients) = two_replicas(&platform).await;
    let lease = deployments::lease(platform.database()).await;
    let component = "component:default/payments-api";
    let query = "{ component(ref: \"payments-api\") { deployments(first: 1) { nodes { commitSha } totalCount } } }";
    let deploy = async |number: usize| {
        // In November 2026, each a minute after the one before.
        let minutes = 380_000 + i64::try_from(number).unwrap();
        let sha = format!("sha-{number}");
        let event = deployments::event(component, 9_000_000 + i64::try_from(number).unwrap(), minutes, &sha);
        deployments::apply(&platform, &lease, &[event]).await;
        json!(sha)
    };
    try_changes(&clients, query, "/component/deployments/nodes/0/commitSha", deploy).await;
    other.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_charge_is_seen_on_both_replicas() {
    let platform = platform_with(&[]).await;
    let (other, clients) = two_replicas(&platform).await;
    let folder = Folder::new("seen-cost");
    let importer = Importer::of(&platform);
    let query = "{ component(ref: \"payments-api\") { cost(query: { range: { from: \"2024-03-01\", to: \"2024-03-31\" } }) { total } } }";
    let charge = async |number: usize| {
        let cost = format!("{}.25", number + 1);
        let path = folder.write("march.csv", &[Line::new(&cost, "2024-03-05", "payments-api")]);
        importer.done(&path).await;
        json!(cost)
    };
    try_changes(&clients, query, "/component/cost/total", charge).await;
    other.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_something_sees_it_at_once() {
    let platform = platform_with(&[]).await;
    let client = platform.client("admin");
    let query = "{ component(ref: \"lunch-menu\") { name } }";
    assert!(super::is_kept(&client, query).await);
    let remove = "mutation { removeEntity(input: { ref: \"component:default/lunch-menu\" }) { userErrors { code } } }";
    client.data(remove, json!({})).await;
    assert_eq!(client.data(query, json!({})).await["component"], Value::Null);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_listens_nothing_that_was_kept_is_given_out() {
    let platform = platform_with(&[]).await;
    let client = platform.client("engineer");
    let query = "{ component(ref: \"payments-api\") { title } }";
    assert!(super::is_kept(&client, query).await);
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&platform.database_url()).await.unwrap();
    let ended = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike '%listen%'
                 and pid <> pg_backend_pid()";
    let ended = sqlx::query(ended).execute(&mut connection).await.unwrap().rows_affected();
    let by_beat = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'select 1'
                   and pid <> pg_backend_pid()";
    let ended = ended + sqlx::query(by_beat).execute(&mut connection).await.unwrap().rows_affected();
    assert!(ended > 0, "nobody listened");
    // Past every trigger, as a restored backup would: nobody tells.
    let change = "update entity set title = 'told by nobody' where ref = 'component:default/payments-api'";
    sqlx::query(change).execute(&mut connection).await.unwrap();
    let told = json!("told by nobody");
    let seen = seen_after(Instant::now(), &client, query, &told, "/component/title").await;
    println!("seen after {seen:?}");
    // And it is kept again.
    listens(platform.app(), "default").await;
    assert!(super::is_kept(&client, query).await);
    platform.stop().await;
}
