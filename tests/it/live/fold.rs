//! Everything at once: many writers, two replicas, subscribers that are cut off again and again. What each has folded from a snapshot and
//! the changes after it is what the tables say at the end, and no cursor came twice.

use std::{collections::HashSet, sync::Arc};

use gateway::config::Environment;
use it::{Client, EventStream, TestPlatform};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Folded, WATCH};

/// Changes in all; WEFT_TEST_FOLDED for more.
const CHANGES: usize = 2_000;
const WRITERS: usize = 8;
const SUBSCRIBERS: usize = 6;
/// Components of each writer.
const COMPONENTS: usize = 12;

/// Changes a component of its own: its title, or whether it is there.
async fn write(platform: &TestPlatform, writer: usize, changes: usize, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let folder = super::Estate::new(&format!("fold-{writer}"));
    let mut there = HashSet::new();
    let mut done = 0;
    while done < changes {
        // Some at once, in one transaction.
        for _ in 0..random.random_range(1..=4_usize) {
            let name = format!("w{writer}-{}", random.random_range(0..COMPONENTS));
            let hidden = if random.random_bool(0.2) { "  annotations:\n    weft.dev/visibility: team\n" } else { "" };
            let owner = if random.random_bool(0.5) { "payments" } else { "search" };
            if there.contains(&name) && random.random_bool(0.2) {
                folder.withdraw(&name);
                there.remove(&name);
            } else {
                folder.declare(&name, &format!("  title: \"{}\"\n{hidden}", random.random::<u32>()), owner);
                there.insert(name);
            }
            done += 1;
        }
        folder.import(platform).await;
    }
}

/// Follows until `done` and everything has come, cut off at random places.
async fn follow(clients: [Client; 2], done: watch::Receiver<Option<String>>, seed: u64) -> (Folded, usize) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut folded = Folded::default();
    let mut seen = HashSet::new();
    let mut variables = json!({ "snapshot": true, "filter": { "name": names() } });
    let mut cuts = 0;
    loop {
        let client = &clients[random.random_range(0..2_usize)];
        let mut events = EventStream::open(client, WATCH, variables.clone()).await;
        let mut left = random.random_range(5..80_u32);
        loop {
            let event = events.next("entityChanged").await;
            match event["__typename"].as_str() {
                Some("EntityChange") => folded.take(&event),
                Some("SnapshotEnd") => {}
                other => panic!("{other:?}: {event}"),
            }
            let cursor = event["cursor"].as_str().unwrap().to_owned();
            assert!(seen.insert(cursor.clone()), "a cursor came twice: {event}");
            variables = json!({ "after": cursor, "filter": { "name": names() } });
            if done.borrow().as_deref() == event["ref"].as_str() && event["kind"] == "CREATED" {
                return (folded, cuts);
            }
            left -= 1;
            if left == 0 {
                cuts += 1;
                break;
            }
        }
    }
}

fn names() -> Vec<String> {
    let own = (0..WRITERS).flat_map(|writer| (0..COMPONENTS).map(move |number| format!("w{writer}-{number}")));
    own.chain(["the-end".to_owned()]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_folded_from_events_is_what_the_tables_say() {
    let settings = [("WEFT_LIVE__BUFFER", "4096"), ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "30s")];
    let platform = Arc::new(TestPlatform::start_empty(&settings).await);
    let other = platform.replica().await;
    let changes = Environment::of_process().get("WEFT_TEST_FOLDED").map_or(CHANGES, |count| count.parse().unwrap());
    let (ending, end) = watch::channel(Some("component:default/the-end".to_owned()));
    let followers: Vec<_> = (0..SUBSCRIBERS)
        .map(|number| {
            let clients = [platform.client("engineer"), other.engineer()];
            tokio::spawn(follow(clients, end.clone(), number as u64))
        })
        .collect();
    let writers = (0..WRITERS).map(|writer| {
        let platform = Arc::clone(&platform);
        async move { write(&platform, writer, changes / WRITERS, 1_000 + writer as u64).await }
    });
    futures::future::join_all(writers).await;
    let last = super::Estate::new("fold-end");
    last.declare("the-end", "", "payments");
    last.import(&platform).await;

    let query = "query($filter: EntityFilter, $after: String) { entities(first: 100, filter: $filter, after: $after) { nodes { ref title } pageInfo { hasNextPage endCursor } } }";
    let engineer = platform.client("engineer");
    let mut tables = Folded::default();
    let mut after = Value::Null;
    loop {
        let data = engineer.data(query, json!({ "filter": { "name": names() }, "after": after })).await;
        for node in data["entities"]["nodes"].as_array().unwrap() {
            tables.0.insert(node["ref"].as_str().unwrap().to_owned(), node["title"].as_str().map(str::to_owned));
        }
        if data["entities"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = data["entities"]["pageInfo"]["endCursor"].clone();
    }
    assert!(tables.0.len() > COMPONENTS, "{}", tables.0.len());
    for follower in followers {
        let (folded, cuts) = follower.await.unwrap();
        assert_eq!(folded, tables, "after {cuts} cuts");
        println!("{} entities, cut off {cuts} times", folded.0.len());
    }
    drop(ending);
    other.stop().await;
    Arc::into_inner(platform).unwrap().stop().await;
}
