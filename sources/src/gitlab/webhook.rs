//! GitLab's webhooks: of projects, of groups and of the system. Older and newer releases, and templates of administrators, write
//! them differently, so that only what names the project counts.

use std::collections::HashMap;

use chrono::TimeDelta;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::{
    Credential,
    webhook::{
        Delivery, GitlabSender, Hint, Message, Proof, Received, Refusal, Sender, Topic, clipped, digest, is_any,
        standard,
    },
};

/// A delivery without an id of its own is known again by its body, for so long: the same may well happen twice.
const BODY_SECONDS: i64 = 300;

/// What of a payload names its project.
#[derive(Deserialize)]
struct Payload {
    object_kind: Option<String>,
    event_name: Option<String>,
    #[serde(default)]
    project_id: Option<i64>,
    path_with_namespace: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    project: Option<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: Option<i64>,
    path_with_namespace: Option<String>,
}

/// A project that is none, as in events about groups, is left out instead of failing the whole.
fn lenient<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Project>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(input)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// Proves and reads a delivery.
pub(crate) fn receive(
    secrets: &[Credential],
    config: &GitlabSender,
    message: &Message<'_>,
) -> Result<Received, Refusal> {
    let proof = prove(secrets, config, message)?;
    let payload: Payload = message.json()?;
    let Some(kind) = payload.object_kind.or(payload.event_name) else {
        return Err(Refusal::Malformed("it does not say what happened"));
    };
    let Some(topic) = topic(&kind) else { return Ok(Received::Deliveries(Vec::new())) };
    let project = payload.project.unwrap_or(Project { id: None, path_with_namespace: None });
    let id = project.id.or(payload.project_id).filter(|id| *id > 0);
    let path = project.path_with_namespace.or(payload.path_with_namespace);
    let path = path.map(|path| path.to_lowercase()).filter(|path| super::is_project_path(path));
    // Discovery knows projects by their numbers; for all else the path will do.
    if id.is_none() && (path.is_none() || topic == Topic::Code) {
        return Err(Refusal::Malformed("it names no project"));
    }
    let dedup_key = match proof {
        // Only the id under the signature is proven.
        Proof::Signature { id } => id,
        Proof::Secret => match message.header("idempotency-key") {
            Some(key) if !key.is_empty() => key.to_owned(),
            _ => format!("{} {}", digest(message.body), message.now.timestamp().div_euclid(BODY_SECONDS)),
        },
    };
    let hint = Hint::Project { id, path, topic };
    let delivery = Delivery { sender: Sender::Gitlab, dedup_key: clipped(dedup_key), kind, hint };
    Ok(Received::Deliveries(vec![delivery]))
}

/// A signature where there is one and signing tokens are configured, else a secret token.
/// Whether a delivery may prove itself: by its secret, or by a signature that is looked at with the body.
pub(crate) fn may_prove(secrets: &[Credential], headers: &HeaderMap) -> bool {
    let plain = standard::plain(secrets);
    let is_signed = headers.contains_key("webhook-signature") && plain.len() < secrets.len();
    is_signed || is_any(&plain, headers.get("x-gitlab-token").map(|token| token.as_bytes()).unwrap_or_default())
}

fn prove(secrets: &[Credential], config: &GitlabSender, message: &Message<'_>) -> Result<Proof, Refusal> {
    let plain = standard::plain(secrets);
    if let (Some(signatures), true) = (message.header("webhook-signature"), plain.len() < secrets.len()) {
        let (Some(id), Some(timestamp)) = (message.header("webhook-id"), message.header("webhook-timestamp")) else {
            return Err(Refusal::Unproven);
        };
        let tolerance = TimeDelta::from_std(config.tolerance).unwrap_or(TimeDelta::MAX);
        let signed = standard::Signed { id, timestamp, signatures };
        return standard::verify(secrets, &signed, message.body, message.now, tolerance);
    }
    let token = message.headers.get("x-gitlab-token").map(|token| token.as_bytes()).unwrap_or_default();
    if is_any(&plain, token) { Ok(Proof::Secret) } else { Err(Refusal::Unproven) }
}

/// What of a project an event may have changed; none where it is nothing that is shown.
fn topic(kind: &str) -> Option<Topic> {
    let topics = HashMap::from([
        ("push", Topic::Code),
        ("repository_update", Topic::Code),
        ("project_create", Topic::Code),
        ("project_destroy", Topic::Code),
        ("project_rename", Topic::Code),
        ("project_transfer", Topic::Code),
        ("project_update", Topic::Code),
        ("deployment", Topic::Delivery),
        ("pipeline", Topic::Delivery),
        ("build", Topic::Delivery),
        ("job", Topic::Delivery),
        ("tag_push", Topic::Other),
        ("release", Topic::Other),
        ("merge_request", Topic::Other),
    ]);
    topics.get(kind).copied()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use reqwest::header::{HeaderMap, HeaderValue};
    use secrecy::SecretString;

    use super::*;

    fn read(body: &[u8]) -> Result<Received, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert("x-gitlab-token", HeaderValue::from_static("a-token-of-gitlab"));
        let config = GitlabSender { secrets: Vec::new(), tolerance: std::time::Duration::from_secs(300) };
        let secrets = [Credential::fixed(SecretString::from("a-token-of-gitlab"))];
        let now: DateTime<Utc> = DateTime::from_timestamp(1_772_452_800, 0).unwrap();
        receive(&secrets, &config, &Message { headers: &headers, query: None, body, now })
    }

    #[test]
    fn every_recorded_payload_is_read_or_known_to_be_of_no_interest() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/contracts/gitlab");
        let mut read_ones = 0;
        for name in ["webhooks-gitlab4j", "webhooks-go-gitlab", "webhooks-go-playground", "systemhooks-go-gitlab"] {
            let Ok(files) = std::fs::read_dir(folder.join(name)) else {
                println!("skipped: {} is not there", folder.join(name).display());
                return;
            };
            for file in files {
                let path = file.unwrap().path();
                let Received::Deliveries(deliveries) = read(&std::fs::read(&path).unwrap())
                    .unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()))
                else {
                    panic!("{}: a challenge", path.display());
                };
                for delivery in deliveries {
                    let Hint::Project { id, path: told, .. } = delivery.hint else {
                        panic!("{}: no project", path.display())
                    };
                    assert!(id.is_some_and(|id| id > 0) || told.is_some());
                    read_ones += 1;
                }
            }
        }
        assert!(read_ones > 25, "{read_ones}");
    }

    #[test]
    fn only_names_are_kept() {
        let body = br#"{"object_kind":"push","project_id":15,"user_email":"john@example.com","ref":"refs/heads/main",
            "project":{"id":15,"path_with_namespace":"Mike/Diaspora"}}"#;
        let Ok(Received::Deliveries(deliveries)) = read(body) else { panic!("it is not read") };
        let hint = Hint::Project { id: Some(15), path: Some("mike/diaspora".to_owned()), topic: Topic::Code };
        assert_eq!((deliveries[0].kind.as_str(), &deliveries[0].hint), ("push", &hint));
        assert!(!serde_json::to_string(&deliveries[0].hint).unwrap().contains("example.com"));
    }

    #[test]
    fn what_names_nothing_or_is_cut_off_is_refused() {
        for body in
            [&b"{"[..], b"[]", b"{}", br#"{"object_kind":"push"}"#, br#"{"object_kind":"push","project_id":-1}"#]
        {
            assert!(matches!(read(body), Err(Refusal::Malformed(_))), "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(read(br#"{"object_kind":"wiki_page"}"#), Ok(Received::Deliveries(Vec::new())));
    }
}
