//! AWX's notifications. They are not signed: a header of the notification template bears a secret. The body is a template, too, that
//! an administrator can change; what it must have is the number of the run.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    Credential, SourceError,
    webhook::{AwxSender, Delivery, Hint, Message, Received, Refusal, Sender, clipped, is_any},
};

use super::{Awx, wire::DeploymentJob};

/// What of a notification names its run, and tells it from others about the same.
#[derive(Deserialize)]
struct Payload {
    id: Option<i32>,
    status: Option<String>,
    started: Option<String>,
    finished: Option<String>,
    /// The notification template's own test says nothing else.
    body: Option<serde_json::Value>,
}

/// Proves and reads a notification.
pub(crate) fn receive(secrets: &[Credential], config: &AwxSender, message: &Message<'_>) -> Result<Received, Refusal> {
    if !is_proven(secrets, config, message.headers) {
        return Err(Refusal::Unproven);
    }
    let payload: Payload = message.json()?;
    let Some(id) = payload.id.filter(|id| *id > 0) else {
        let is_test = payload.body.is_some();
        return if is_test {
            Ok(Received::Deliveries(Vec::new()))
        } else {
            Err(Refusal::Malformed("it names no run: the template of its body must have `id`"))
        };
    };
    let word = |word: Option<String>| word.unwrap_or_default();
    let (status, started, finished) = (word(payload.status), word(payload.started), word(payload.finished));
    // AWX sends once. A template that tells less must not make what happens later look like a repetition.
    let dedup_key = match !status.is_empty() {
        true => clipped(format!("{id} {status} {started} {finished}")),
        false => format!("{id} {}", Uuid::now_v7()),
    };
    let is_word = !status.is_empty() && status.len() <= 32 && status.bytes().all(|byte| byte.is_ascii_lowercase());
    let kind = if is_word { status } else { "run".to_owned() };
    let delivery = Delivery { sender: Sender::Awx, dedup_key, kind, hint: Hint::Run { id } };
    Ok(Received::Deliveries(vec![delivery]))
}

/// Whether the secret is there that AWX was given.
pub(crate) fn is_proven(secrets: &[Credential], config: &AwxSender, headers: &HeaderMap) -> bool {
    is_any(secrets, headers.get(config.header.as_str()).map(|secret| secret.as_bytes()).unwrap_or_default())
}

impl Awx {
    /// The template of a run; none when there is no such run, or none any more.
    pub(crate) async fn template_of_run(&self, number: i32) -> Result<Option<i32>, SourceError> {
        let query = [("id", number.to_string())];
        let rows: Vec<DeploymentJob> = self.client().rows("deployments", "unified_jobs/", &query, 1).await?;
        Ok(rows.into_iter().find(|run| run.id == Some(number)).and_then(|run| run.unified_job_template))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use reqwest::header::{HeaderMap, HeaderValue};
    use secrecy::SecretString;

    use super::*;

    fn read(body: &[u8]) -> Result<Received, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert("x-weft-secret", HeaderValue::from_static("a-secret-of-awx-1"));
        let config = AwxSender { secrets: Vec::new(), header: "X-Weft-Secret".to_owned() };
        let secrets = [Credential::fixed(SecretString::from("a-secret-of-awx-1"))];
        receive(&secrets, &config, &Message { headers: &headers, query: None, body, now: DateTime::<Utc>::MIN_UTC })
    }

    #[test]
    fn recorded_notifications_name_their_runs() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/contracts/awx/webhook-notification-examples");
        for (name, id) in [("job-failed.json", 46), ("job-started.json", 38)] {
            let Ok(body) = std::fs::read(folder.join(name)) else {
                println!("skipped: {name} is not there");
                return;
            };
            let Ok(Received::Deliveries(deliveries)) = read(&body) else { panic!("{name}") };
            assert_eq!(deliveries[0].hint, Hint::Run { id });
        }
    }

    #[test]
    fn a_test_is_taken_and_a_body_without_a_number_is_not() {
        let test = br#"{"body":"Ansible Tower Test Notification 3 https://awx.example.com"}"#;
        assert_eq!(read(test), Ok(Received::Deliveries(Vec::new())));
        assert!(matches!(read(br#"{"name":"Deploy"}"#), Err(Refusal::Malformed(_))));
    }
}
