//! Documents that are known before they are sent: those that clients teach by their hash, and those that were published.

mod apq;
mod commands;
mod modes;
mod trusted;

use std::process::Command;

use it::{Answer, Client, Program, TestPlatform, until};
use serde_json::{Value, json};

const QUERY: &str = "query Who {\n  viewer {\n    subject\n  }\n}";
const MUTATION: &str =
    "mutation Remove { removeEntity(input: { ref: \"component:default/nothing\" }) { userErrors { code } } }";

/// Published documents are looked for so often.
const SOON: (&str, &str) = ("WEFT_DOCUMENTS__REFRESH_INTERVAL", "100ms");

fn sha256(text: &str) -> String {
    gateway::documents::sha256(text)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The body that Apollo's client sends; with the text once the hash alone was not known.
fn body(hash: &str, text: Option<&str>) -> Value {
    let mut body = json!({
        "operationName": "Who",
        "variables": {},
        "extensions": {
            "clientLibrary": { "name": "@apollo/client", "version": "4.3.8" },
            "persistedQuery": { "version": 1, "sha256Hash": hash },
        },
    });
    if let Some(text) = text {
        body["query"] = json!(text);
    }
    body
}

/// Sends a hash, and a text where there is one, by POST.
async fn post(client: &Client, hash: &str, text: Option<&str>) -> Answer {
    let accept = "application/graphql-response+json,application/json;q=0.9";
    let mut body = body(hash, text);
    if text == Some(MUTATION) {
        body["operationName"] = Value::Null;
    }
    Answer::of(client.post().header("accept", accept).json(&body)).await
}

/// The same by GET, with the header that Apollo's client sends with it.
async fn get(client: &Client, hash: &str, text: Option<&str>) -> Answer {
    let mut path =
        format!("/graphql?variables=%7B%7D&extensions={}", encoded(&body(hash, None)["extensions"].to_string()));
    if let Some(text) = text {
        path += &format!("&query={}", encoded(text));
    }
    Answer::of(client.get(&path).header("content-type", "application/json")).await
}

/// Sends the id of a published document, as a client of this name.
async fn by_id(client: &Client, id: &str, name: Option<&str>) -> Answer {
    let request = client.post().json(&json!({ "documentId": id }));
    Answer::of(match name {
        Some(name) => request.header("apollographql-client-name", name),
        None => request,
    })
    .await
}

#[track_caller]
fn assert_data(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json(), json!({ "data": { "viewer": { "subject": TestPlatform::role("engineer").subject } } }));
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{}", answer.text);
    assert!(answer.json().get("data").is_none(), "{}", answer.text);
}

/// Runs `weft` with the platform's configuration. What it printed, and its exit code.
async fn weft(platform: &TestPlatform, arguments: &[&str]) -> (String, i32) {
    let (toml, variables) = platform.configuration();
    let file = std::env::temp_dir().join(format!("weft-it-documents-{:016x}.toml", rand::random::<u64>()));
    std::fs::write(&file, toml).unwrap();
    let mut command = Command::new(Program::of_this_build());
    command.arg("--config").arg(&file).args(arguments).envs(variables.iter().cloned());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    std::fs::remove_file(&file).unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (text, output.status.code().unwrap())
}

/// A manifest for a command, gone at the end.
struct Manifest(String);

impl Manifest {
    fn of(content: &Value) -> Self {
        let path = std::env::temp_dir().join(format!("weft-it-manifest-{:016x}.json", rand::random::<u64>()));
        std::fs::write(&path, content.to_string()).unwrap();
        Self(path.to_str().unwrap().to_owned())
    }
}

impl Drop for Manifest {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Publishes documents by these ids, and expects that it goes well.
async fn publish(platform: &TestPlatform, documents: &Value, more: &[&str]) -> String {
    let manifest = Manifest::of(documents);
    let arguments: Vec<&str> = ["documents", "publish", &manifest.0].into_iter().chain(more.iter().copied()).collect();
    let (text, code) = weft(platform, &arguments).await;
    assert_eq!(code, 0, "{text}");
    text
}

/// Waits until the gateway knows a document.
async fn until_known(client: &Client, id: &str, name: Option<&str>) {
    until("the document is known", async || (by_id(client, id, name).await.status == 200).then_some(())).await;
}
