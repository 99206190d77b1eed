//! A supergraph that was composed elsewhere is served from its file, and followed.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use gateway::federation::compose::supergraph;
use it::{Program, TestPlatform, until};
use serde_json::json;
use sources::postgres::SubgraphRecord;

use super::{
    publish_sdl,
    service::{SDL, Service},
};

/// A file of this test alone; it goes with the test.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("weft-it-{name}-{}.graphql", std::process::id())))
    }

    /// As deployments change it: whole, at once.
    fn write(&self, text: &str) {
        let whole = self.0.with_extension("new");
        std::fs::write(&whole, text).unwrap();
        std::fs::rename(whole, &self.0).unwrap();
    }

    fn settings(&self) -> [(&'static str, &str); 2] {
        [("WEFT_FEDERATION__SUPERGRAPH", self.0.to_str().unwrap()), ("WEFT_FEDERATION__REFRESH_INTERVAL", "100ms")]
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn composed(service: &Service, sdl: &str) -> String {
    let incidents = SubgraphRecord {
        name: "incidents".to_owned(),
        url: service.url(),
        sdl: sdl.to_owned(),
        sdl_hash: String::new(),
        owner: None,
        version: 1,
        published_at: Default::default(),
        published_by: String::new(),
    };
    supergraph(&[incidents]).unwrap()
}

/// Runs a command of the program to its end.
async fn weft(config: &Path, variables: &[(String, String)], arguments: &[&str]) -> Output {
    let mut command = Command::new(Program::of_this_build());
    command.arg("--config").arg(config).args(arguments).envs(variables.iter().cloned());
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_supergraph_is_served_followed_and_kept_when_its_file_is_broken() {
    let (service, file) = (Service::start().await, File::new("ready"));
    let first = composed(&service, SDL);
    // Others write our name as they like.
    assert!(first.contains("name: \"weft\""), "{}", &first[..2000]);
    file.write(&first.replace("name: \"weft\"", "name: \"Weft\""));
    let platform = TestPlatform::start_with(&file.settings()).await;
    let (app, client) = (platform.app(), platform.client("engineer"));
    let query =
        "{ components(first: 3) { nodes { name health incidents { title component { name } } } } viewer { subject } }";
    let answers = async || {
        let data = client.data(query, json!({})).await;
        assert!(data["components"]["nodes"][0]["health"].is_string(), "{data}");
    };
    answers().await;
    assert!(!service.calls().is_empty(), "the subgraph was asked where the file says");
    let began_with = app.federation.current().unwrap().version;
    let known = app.sources.subgraphs().now()[0].clone();

    file.write(&composed(&service, &SDL.replace("health: String!", "health: String! since: Int")));
    let followed = async || app.federation.current().filter(|current| current.version != began_with);
    let current = until("the file is followed", followed).await;
    assert!(current.public_sdl.contains("since: Int"));
    answers().await;
    let same = app.sources.subgraphs().now()[0].clone();
    assert!(std::sync::Arc::ptr_eq(&known, &same), "the way to a subgraph stays, with what is known of it");

    for (broken, says) in [("type Query {", "cannot be read"), ("type Query { a: Int }", "no supergraph")] {
        file.write(broken);
        let refused =
            until("it is refused", async || app.federation.refused().filter(|reasons| reasons.contains(says)));
        refused.await;
        assert_eq!(app.federation.current().unwrap().version, current.version, "the former stays");
        answers().await;
    }
    std::fs::remove_file(&file.0).unwrap();
    answers().await;
    file.write(&first);
    until("it is whole again", async || {
        app.federation.current().filter(|supergraph| supergraph.version != current.version)
    })
    .await;
    assert_eq!(app.federation.refused(), None);
    answers().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn meanwhile_nothing_is_published_and_what_is_published_is_not_served() {
    let (service, file) = (Service::start().await, File::new("alone"));
    file.write(&composed(&service, SDL));
    let platform = TestPlatform::start_with(&file.settings()).await;
    let admin = platform.client("admin");
    let publish = "mutation($input: PublishSubgraphInput!) { publishSubgraph(input: $input) { changed diagnostics { message } userErrors { code } } }";
    let what = json!({ "input": { "name": "other", "url": service.url(), "sdl": "type Query { a: Int }" } });
    let refused = admin.data(publish, what).await["publishSubgraph"].clone();
    let remove = "mutation { removeSubgraph(name: \"other\") { changed diagnostics { message } userErrors { code } } }";
    for payload in [refused, admin.data(remove, json!({})).await["removeSubgraph"].clone()] {
        assert_eq!(payload["changed"], false);
        assert_eq!(payload["userErrors"], json!([{ "code": "READ_ONLY" }]));
        let message = payload["diagnostics"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("federation.supergraph") && message.contains(file.0.to_str().unwrap()), "{message}");
    }
    // As another gateway over the same database might have it.
    let version = platform.app().federation.current().unwrap().version;
    publish_sdl(&platform, "other", &service.url(), "type Query { a: Int }").await;
    let (toml, variables) = platform.configuration();
    let config = File(file.0.with_extension("toml"));
    config.write(toml);
    for command in [&["subgraph", "remove", "other"][..], &["subgraph", "list"]] {
        let output = weft(&config.0, variables, command).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("as long as federation.supergraph is set"), "{told}");
        let lists = command.contains(&"list");
        assert_eq!(output.status.code(), Some(if lists { 0 } else { 1 }), "{told}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).contains("other\t"), lists);
    }
    assert_eq!(platform.app().federation.current().unwrap().version, version);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_a_file_that_cannot_be_used_ends_and_names_key_and_file() {
    let (service, file) = (Service::start().await, File::new("unusable"));
    let platform = TestPlatform::start().await;
    let (toml, variables) = platform.configuration();
    let config = File(file.0.with_extension("toml"));
    config.write(toml);
    let mut variables = variables.to_vec();
    let path = file.0.to_str().unwrap().to_owned();
    variables.extend([
        ("WEFT_FEDERATION__SUPERGRAPH".to_owned(), path.clone()),
        ("WEFT_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
        ("WEFT_ADMIN_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
    ]);
    let good = composed(&service, SDL);
    let foreign = good.replacen("name: \"weft\"", "name: \"loom\"", 1);
    for (text, says) in
        [(None, "cannot be read"), (Some("type Query { a: Int }"), "no supergraph"), (Some(&foreign), "named `weft`")]
    {
        text.inspect(|text| file.write(text));
        let output = weft(&config.0, &variables, &["serve"]).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        for part in ["federation.supergraph", &path, says] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    platform.stop().await;
}
