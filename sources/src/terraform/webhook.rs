//! Terraform's notifications: about runs in the first version of the payload, about workspaces in the second. Signed without a
//! moment, so that a repeated one is known by what it says and not by its age.

use serde::Deserialize;

use super::WorkspaceKey;
use crate::{
    Credential,
    webhook::{Delivery, Hint, Message, Received, Refusal, Sender, clipped, digest, is_signed_512},
};

/// Most notifications that are read of one message; there is one today.
const NOTIFICATIONS_MAX: usize = 20;

/// Both versions.
#[derive(Deserialize)]
struct Payload {
    run_id: Option<String>,
    workspace_id: Option<String>,
    workspace_name: Option<String>,
    organization_name: Option<String>,
    #[serde(default)]
    notifications: Option<Vec<Notification>>,
    trigger: Option<String>,
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Notification {
    trigger: Option<String>,
    run_status: Option<String>,
    run_updated_at: Option<String>,
}

#[derive(Deserialize)]
struct Details {
    workspace_id: Option<String>,
    workspace_name: Option<String>,
    organization_name: Option<String>,
}

/// The header with the signature of the body.
pub(crate) const SIGNATURE: &str = "x-tfe-notification-signature";

/// Proves and reads a notification.
pub(crate) fn receive(secrets: &[Credential], message: &Message<'_>) -> Result<Received, Refusal> {
    let signature = message.header(SIGNATURE).unwrap_or_default();
    if !is_signed_512(secrets, message.body, signature) {
        return Err(Refusal::Unproven);
    }
    let payload: Payload = message.json()?;
    let notifications = payload.notifications.unwrap_or_default();
    let first = notifications.first().and_then(|notification| notification.trigger.as_deref());
    let Some(trigger) = payload.trigger.as_deref().or(first).map(kind) else {
        return Err(Refusal::Malformed("it does not say what happened"));
    };
    // The test that a configuration is enabled with names nothing and wants to be taken. Requests for changes are of teams.
    if trigger == "verification" || trigger.starts_with("team:") {
        return Ok(Received::Deliveries(Vec::new()));
    }
    let details =
        payload.details.unwrap_or(Details { workspace_id: None, workspace_name: None, organization_name: None });
    let organization = payload.organization_name.or(details.organization_name);
    let name = payload.workspace_name.or(details.workspace_name);
    let (Some(organization), Some(name)) = (organization, name) else {
        return Err(Refusal::Malformed("it names no workspace"));
    };
    let plain = |id: &String| super::key::is_id(id);
    if !WorkspaceKey::is_name_of(&organization, &name) {
        return Err(Refusal::Malformed("it names a workspace that cannot be"));
    }
    let dedup_key = match &payload.run_id {
        Some(run) => {
            let word = |word: &Option<String>| word.clone().unwrap_or_default();
            let told = notifications.iter().take(NOTIFICATIONS_MAX).map(|told| {
                format!(" {} {} {}", word(&told.trigger), word(&told.run_status), word(&told.run_updated_at))
            });
            clipped(std::iter::once(run.clone()).chain(told).collect())
        }
        None => digest(message.body),
    };
    let hint = Hint::Workspace {
        organization,
        name,
        id: payload.workspace_id.or(details.workspace_id).filter(plain),
        run: payload.run_id.filter(plain),
    };
    Ok(Received::Deliveries(vec![Delivery { sender: Sender::Terraform, dedup_key, kind: trigger, hint }]))
}

/// The trigger, where it is a word of the kind that Terraform has.
fn kind(trigger: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b':' | b'_');
    if (1..=64).contains(&trigger.len()) && trigger.bytes().all(is_word) {
        trigger.to_owned()
    } else {
        "unknown".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use hmac::{Hmac, KeyInit, Mac};
    use reqwest::header::{HeaderMap, HeaderValue};
    use secrecy::SecretString;

    use super::*;

    fn read(body: &[u8]) -> Result<Received, Refusal> {
        let mac = Hmac::<sha2::Sha512>::new_from_slice(b"a-token-of-terraform").unwrap().chain_update(body);
        let mut headers = HeaderMap::new();
        let signature = HeaderValue::from_str(&hex::encode(mac.finalize().into_bytes())).unwrap();
        headers.insert("x-tfe-notification-signature", signature);
        let secrets = [Credential::fixed(SecretString::from("a-token-of-terraform"))];
        receive(&secrets, &Message { headers: &headers, query: None, body, now: DateTime::<Utc>::MIN_UTC })
    }

    #[test]
    fn the_documented_notifications_name_their_workspace() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/contracts/terraform/examples/notification-configurations");
        for (number, run) in [("01", Some("run-FwnENkvDnrpyFC7M")), ("03", None), ("04", None)] {
            let Ok(mut files) = std::fs::read_dir(&folder) else {
                println!("skipped: {} is not there", folder.display());
                return;
            };
            let is_it = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().starts_with(number);
            let path = files.find_map(|file| Some(file.unwrap().path()).filter(|path| is_it(path))).unwrap();
            let Ok(Received::Deliveries(deliveries)) = read(&std::fs::read(&path).unwrap()) else { panic!("{number}") };
            let Hint::Workspace { organization, run: told, .. } = &deliveries[0].hint else { panic!("{number}") };
            assert_eq!((organization.as_str(), told.as_deref()), ("acme-org", run));
        }
    }

    #[test]
    fn the_test_of_a_new_configuration_is_taken() {
        let body = br#"{"payload_version":1,"run_id":null,"workspace_id":null,"workspace_name":null,"organization_name":null,
            "notifications":[{"message":"Verification of test","trigger":"verification","run_status":null,"run_updated_at":null}]}"#;
        assert_eq!(read(body), Ok(Received::Deliveries(Vec::new())));
        for wrong in [&b"{}"[..], b"{", br#"{"notifications":[{"trigger":"run:created"}]}"#] {
            assert!(matches!(read(wrong), Err(Refusal::Malformed(_))), "{}", String::from_utf8_lossy(wrong));
        }
        let path = br#"{"run_id":"run-1","workspace_name":"../x","organization_name":"acme","notifications":[{"trigger":"run:created"}]}"#;
        assert!(matches!(read(path), Err(Refusal::Malformed(_))));
    }
}
