//! Real clients, as their users install them, against a gateway: what each shows is told in `tests/clients/README.md`.

use std::{
    fs::{self, File},
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use gateway::config::Environment;
use it::{Program, TestPlatform};
use serde_json::{Map, Value, json};
use tokio::{process::Command, time::timeout};

/// More than any of them takes on a slow machine, the first installation included.
const LONGEST: Duration = Duration::from_secs(180);

/// Signs, in what npm writes, that the registry cannot be reached; anything else is a failure of ours.
const UNREACHABLE: [&str; 6] = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"];

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

/// Runs the tests of one client against a platform of their own.
async fn passes(file: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    if let Err(reason) = install(&folder).await {
        // Where these tests must not be passed over, such as in CI, the lack of a tool is a failure.
        assert!(Environment::of_process().get("WEFT_CLIENTS_REQUIRED").is_none(), "{reason}");
        println!("skipped: {reason}");
        return;
    }
    let platform = TestPlatform::start().await;
    let demo = std::env::temp_dir().join(format!("weft-it-{file}-{}.json", std::process::id()));
    fs::write(&demo, described(&platform).to_string()).unwrap();
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", file]).current_dir(&folder);
    node.env("WEFT_CLIENTS_DEMO", &demo).env("WEFT_CLIENTS_BINARY", Program::of_this_build());
    let output = run(&mut node).await.expect("node runs");
    fs::remove_file(&demo).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    platform.stop().await;
}

/// The platform in the form of the demo's `demo.json`, as far as clients read it.
fn described(platform: &TestPlatform) -> Value {
    let names = ["engineer", "finops", "admin", "other_tenant_engineer"];
    let token = |name| platform.simulator().issuer().token(&demo::platform::claims(&TestPlatform::role(name)));
    let tokens: Map<_, _> = names.into_iter().map(|name| (name.to_owned(), token(name).into())).collect();
    json!({ "graphql": format!("{}/graphql", platform.url()), "tokens": tokens })
}

/// Installs what the lock file names, unless that is done; one process at a time.
async fn install(folder: &Path) -> Result<(), String> {
    for tool in ["node", "npm"] {
        if run(Command::new(tool).arg("--version")).await.is_none() {
            return Err(format!("`{tool}` is not installed"));
        }
    }
    let guard = File::create(folder.join(".npm-ci.lock")).unwrap();
    let guard = tokio::task::spawn_blocking(move || guard.lock().map(|()| guard)).await.unwrap().unwrap();
    let wanted = fs::read(folder.join("package-lock.json")).unwrap();
    let stamp = folder.join("node_modules/.installed-from");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]).current_dir(folder);
    // Of npm's own patience, minutes for each test, a second is enough.
    npm.args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]);
    let output = run(&mut npm).await.expect("npm runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        assert!(UNREACHABLE.iter().any(|sign| told.contains(sign)), "npm ci: {told}");
        return Err(format!("the packages cannot be installed: {told}"));
    }
    fs::write(&stamp, &wanted).unwrap();
    drop(guard);
    Ok(())
}

/// What a command wrote; none when there is no such command.
async fn run(command: &mut Command) -> Option<Output> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
    let child = child.ok()?;
    Some(timeout(LONGEST, child.wait_with_output()).await.expect("an end in good time").expect("a status"))
}
