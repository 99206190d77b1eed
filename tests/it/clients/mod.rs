//! Real clients, as their users install them, against a gateway: what each shows is told in `tests/clients/README.md`.

mod install;

use std::{
    fs,
    path::{Path, PathBuf},
};

use gateway::config::Environment;
use it::{Program, TestPlatform};
use serde_json::{Map, Value, json};
use tokio::process::Command;

use self::install::{install, run};
use crate::federation::with_incidents;

/// How often the clients of subscriptions are asked whether they live, in milliseconds: more often than by default, for a test to see it.
const PING_MS: u32 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn apollo_client() {
    passes("apollo.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urql() {
    passes("urql.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relay() {
    passes("relay.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graphiql() {
    passes("graphiql.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audits_of_graphql_over_http() {
    passes("graphql-http.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_preset_of_graphql_code_generator() {
    passes("codegen.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn composition_with_another_subgraph() {
    passes("federation.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apollo_client_over_a_federated_graph() {
    federates("apollo-federated.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_over_a_federated_graph() {
    federates("relay-federated.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graphql_ws() {
    subscribes("graphql-ws.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graphql_sse() {
    subscribes("graphql-sse.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn apollo_client_live() {
    subscribes("apollo-live.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urql_live() {
    subscribes("urql-live.test.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_transport_ws() {
    subscribes("legacy-ws.test.js").await;
}

/// Dozens of operations at once may wait for a connection on a machine that has much else to do.
const UNHURRIED: (&str, &str) = ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "30s");

/// Runs the tests of one client against a platform of their own.
async fn passes(file: &str) {
    let Some(folder) = installed().await else { return };
    let platform = TestPlatform::start_with(&[UNHURRIED]).await;
    node(&folder, file, &described(&platform)).await;
    platform.stop().await;
}

/// A subgraph that fails as often as a test likes is still called: its breaker has tests of its own.
const UNBROKEN: (&str, &str) = ("WEFT_FEDERATION__CALLS__BREAKER__FAILURES_MAX", "1000");

/// Runs those of a client over own types and a team's. Its subgraph does as they tell it.
async fn federates(file: &str) {
    let Some(folder) = installed().await else { return };
    let (platform, service) = with_incidents(&[UNHURRIED, UNBROKEN]).await;
    let mut description = described(&platform);
    description["subgraph"] = json!({ "graphql": service.url(), "mode": service.mode_url() });
    node(&folder, file, &description).await;
    platform.stop().await;
}

/// Runs those of a client that subscribes: the gateway is a process of its own, which shows metrics.
async fn subscribes(file: &str) {
    let Some(folder) = installed().await else { return };
    let platform = TestPlatform::start_with(&[UNHURRIED]).await;
    let every = format!("{PING_MS}ms");
    let settings = [("WEFT_LIVE__PING_INTERVAL", every.as_str()), ("WEFT_LIVE__KEEP_ALIVE", every.as_str())];
    let program = platform.program_with(&Program::of_this_build(), &settings).await;
    let mut description = described(&platform);
    description["graphql"] = format!("http://{}/graphql", program.address()).into();
    description["websocket"] = format!("ws://{}/graphql", program.address()).into();
    description["admin"] = format!("http://{}", program.admin_address()).into();
    description["ping_ms"] = PING_MS.into();
    node(&folder, file, &description).await;
    program.stop().await;
    platform.stop().await;
}

/// Where the packages are; none when the tests have to be skipped.
async fn installed() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    if let Err(reason) = install(&folder).await {
        // Where these tests must not be passed over, such as in CI, the lack of a tool is a failure.
        assert!(Environment::of_process().get("WEFT_CLIENTS_REQUIRED").is_none(), "{reason}");
        println!("skipped: {reason}");
        return None;
    }
    Some(folder)
}

/// Runs one file against what is described.
async fn node(folder: &Path, file: &str, description: &Value) {
    let demo = std::env::temp_dir().join(format!("weft-it-{file}-{}.json", std::process::id()));
    fs::write(&demo, description.to_string()).unwrap();
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", file]).current_dir(folder);
    node.env("WEFT_CLIENTS_DEMO", &demo).env("WEFT_CLIENTS_BINARY", Program::of_this_build());
    let output = run(&mut node).await.expect("node runs");
    fs::remove_file(&demo).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The platform in the form of the demo's `demo.json`, as far as clients read it.
fn described(platform: &TestPlatform) -> Value {
    let mut tokens = Map::new();
    let mut clients = Map::new();
    for name in ["engineer", "finops", "admin", "other_tenant_engineer"] {
        let secret = demo::platform::client_secret(&TestPlatform::role(name));
        tokens.insert(name.to_owned(), platform.token(name).into());
        clients.insert(name.to_owned(), json!({ "client_id": name, "client_secret": secret }));
    }
    json!({
        "graphql": format!("{}/graphql", platform.url()),
        "issuer": platform.simulator().issuer_url(),
        "database_url": platform.database_url(),
        "clients": clients,
        "tokens": tokens,
    })
}
