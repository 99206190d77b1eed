//! Nobody gets what was made for another: tenants, teams and roles ask the same at the same time, cold and warm.

use std::{collections::HashMap, sync::Arc};

use demo::platform::claims;
use futures::{StreamExt, stream};
use gateway::config::Environment;
use it::{Client, TestPlatform};
use serde_json::{Value, json};

use super::platform_with;

/// Pairs of principals; WEFT_TEST_PAIRS for more.
const PAIRS: usize = 800;

const QUERIES: [&str; 8] = [
    "{ components(first: 100) { nodes { ref owner { ... on Team { ref } } } totalCount } }",
    "{ components(first: 20, filter: { ownedByMe: true }) { nodes { ref } totalCount } }",
    "{ entities(first: 100, filter: { kind: [\"api\", \"resource\"] }) { nodes { ref } } }",
    "{ component(ref: \"payments-api\") { ref title dependencies: relations(first: 20) { nodes { type } } } }",
    "{ teams(first: 50) { nodes { ref } } }",
    "{ deployments(first: 20) { nodes { id component { ref } } } }",
    "{ cost(query: { range: { from: \"2026-10-01\", to: \"2026-10-31\" }, groupBy: [{ dimension: TEAM }] }) { total groups(first: 20) { nodes { total keys { label } } } } }",
    "{ components(search: \"payments\", first: 20) { nodes { ref } } }",
];

/// Somebody of each kind that sees something else.
fn principals(platform: &TestPlatform) -> Vec<Client> {
    let mut clients: Vec<Client> =
        ["engineer", "finops", "admin", "other_tenant_engineer"].map(|role| platform.client(role)).into();
    // The same person with other teams, with none, and with fewer scopes.
    let base = claims(&TestPlatform::role("engineer"));
    for (teams, scopes) in [
        (vec!["search"], vec!["catalog:read", "cost:read", "deployments:read"]),
        (vec!["payments", "finance"], vec!["catalog:read", "cost:read", "deployments:read"]),
        (vec![], vec!["catalog:read", "deployments:read"]),
        (vec!["payments"], vec!["catalog:read"]),
    ] {
        let mut own = base.clone();
        own.teams = teams.into_iter().map(str::to_owned).collect();
        own.scopes = scopes.into_iter().map(str::to_owned).collect();
        clients.push(platform.client_with(Some(platform.simulator().issuer().token(&own))));
    }
    clients
}

/// An answer without the ids of requests, which are nobody's data.
fn comparable(mut answer: Value) -> Value {
    for error in answer.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        error["extensions"]["requestId"] = Value::Null;
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn interleaved_principals_get_what_is_theirs() {
    // Everything is asked at once, and asked anew again and again: waiting for a connection is no failure here.
    let platform =
        platform_with(&[("WEFT_SERVER__REQUESTS_IN_FLIGHT_MAX", "2000"), ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "30s")])
            .await;
    super::listens(platform.app(), "other").await;
    let clients = principals(&platform);
    // What each would get if nothing were kept.
    let mut truth = HashMap::new();
    for (who, client) in clients.iter().enumerate() {
        for (what, query) in QUERIES.iter().enumerate() {
            let body = json!({ "query": query });
            let plain = it::Answer::of(client.post().header("X-Query-Receipts", "true").json(&body)).await.json();
            let mut plain = comparable(plain);
            plain.as_object_mut().unwrap().remove("extensions");
            truth.insert((who, what), plain);
        }
    }
    for what in 0..QUERIES.len() {
        let distinct =
            (0..clients.len()).map(|who| truth[&(who, what)].to_string()).collect::<std::collections::BTreeSet<_>>();
        assert!(distinct.len() > 1, "all see the same: {}", QUERIES[what]);
    }
    let pairs = Environment::of_process().get("WEFT_TEST_PAIRS").map_or(PAIRS, |pairs| pairs.parse().unwrap());
    let (truth, clients, platform) = (Arc::new(truth), Arc::new(clients), Arc::new(platform));
    let pair = |number: usize| {
        let (truth, clients, platform) = (Arc::clone(&truth), Arc::clone(&clients), Arc::clone(&platform));
        async move {
            // Cold again and again: everything that is kept ends.
            if number.is_multiple_of(40) {
                platform.app().response_cache.as_ref().unwrap().changed("default");
            }
            let what = number / 7 % QUERIES.len();
            let whos = [number % clients.len(), (number / clients.len() + number + 1) % clients.len()];
            for who in whos {
                let answer = comparable(clients[who].query(QUERIES[what], json!({})).await);
                assert_eq!(answer, truth[&(who, what)], "principal {who} asked {}", QUERIES[what]);
            }
        }
    };
    stream::iter((0..pairs).map(pair)).buffer_unordered(32).collect::<Vec<()>>().await;
    println!("{pairs} pairs of {} principals and {} documents: nothing foreign", clients.len(), QUERIES.len());
    Arc::into_inner(platform).unwrap().stop().await;
}
