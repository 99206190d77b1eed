//! What Azure sends: events of Event Grid in its own schema and as CloudEvents, and alerts of action groups in the common schema.
//! Nothing is signed: a header of the event subscription, or a parameter of the address, bears a secret. A link in a payload,
//! such as the one that ends a handshake by hand, is never followed.

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::scope::{Scope, is_guid};
use crate::{
    Credential,
    webhook::{AzureSender, Delivery, Hint, Message, Received, Refusal, Sender, clipped, is_any},
};

/// Most events of one message: Event Grid sends no more.
const EVENTS_MAX: usize = 5_000;
/// Most targets of one alert that count.
const TARGETS_MAX: usize = 100;
const VALIDATION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";

/// An event in either schema.
#[derive(Deserialize)]
struct Event {
    id: Option<String>,
    #[serde(alias = "type", rename = "eventType")]
    kind: Option<String>,
    #[serde(alias = "source")]
    topic: Option<String>,
    subject: Option<String>,
    data: Option<Value>,
}

#[derive(Deserialize)]
struct Alert {
    data: AlertData,
}

#[derive(Deserialize)]
struct AlertData {
    essentials: Essentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Essentials {
    alert_id: Option<String>,
    monitor_condition: Option<String>,
    #[serde(rename = "alertTargetIDs", default)]
    targets: Option<Vec<String>>,
    fired_date_time: Option<String>,
    resolved_date_time: Option<String>,
}

/// Proves and reads a message.
pub(crate) fn receive(
    secrets: &[Credential],
    config: &AzureSender,
    message: &Message<'_>,
) -> Result<Received, Refusal> {
    let is_proven = is_proven(secrets, config, message.headers, message.query);
    let handshake = || is_handshake(message.body).then(|| challenge(config, message, is_proven));
    match (is_proven, handshake()) {
        (_, Some(answer)) => answer.map(Received::Challenge),
        (false, None) => Err(Refusal::Unproven),
        (true, None) => read(message),
    }
}

/// Whether the secret is there, in the header or in the address.
pub(crate) fn is_proven(
    secrets: &[Credential],
    config: &AzureSender,
    headers: &HeaderMap,
    query: Option<&str>,
) -> bool {
    let in_header = headers.get(config.header.as_str()).map(|secret| secret.as_bytes().to_vec());
    let in_query = || {
        let name = config.query_parameter.as_deref()?;
        let mut pairs = url::form_urlencoded::parse(query?.as_bytes());
        pairs.find_map(|(key, value)| (key == name).then(|| value.as_bytes().to_vec()))
    };
    is_any(secrets, &in_header.or_else(in_query).unwrap_or_default())
}

/// A cheap look before anything is parsed: handshakes are short, and nobody else gets anything parsed without a secret.
fn is_handshake(body: &[u8]) -> bool {
    let name = VALIDATION.as_bytes();
    body.len() <= 8 * 1024 && body.windows(name.len()).any(|part| part == name)
}

/// The code that is wanted back, if the topic is one whose events are expected.
fn challenge(config: &AzureSender, message: &Message<'_>, is_proven: bool) -> Result<String, Refusal> {
    let unproven = if is_proven { Refusal::Malformed("it is no handshake") } else { Refusal::Unproven };
    let events: Vec<Event> = message.json().map_err(|refusal| if is_proven { refusal } else { Refusal::Unproven })?;
    let [event] = events.as_slice() else { return Err(unproven) };
    if event.kind.as_deref() != Some(VALIDATION) {
        return Err(unproven);
    }
    let topic = event.topic.as_deref().unwrap_or_default().to_lowercase();
    let is_expected = |known: &String| topic.starts_with(&known.to_lowercase());
    if !is_proven && !config.topics.iter().any(is_expected) {
        return Err(Refusal::Unproven);
    }
    let code = event.data.as_ref().and_then(|data| data.get("validationCode")?.as_str());
    code.filter(|code| code.len() <= 200).map(str::to_owned).ok_or(Refusal::Malformed("the handshake has no code"))
}

fn read(message: &Message<'_>) -> Result<Received, Refusal> {
    let body: Value = message.json()?;
    let deliveries = match body {
        Value::Array(events) if events.len() > EVENTS_MAX => {
            return Err(Refusal::Malformed("it holds too many events"));
        }
        Value::Array(events) => {
            let (mut read, mut refused) = (Vec::new(), None);
            let is_empty = events.is_empty();
            for outcome in events.into_iter().map(event) {
                match outcome {
                    Ok(delivery) => read.push(delivery),
                    Err(refusal) => refused = Some(refusal),
                }
            }
            // What can be read of it is taken: Event Grid does not repeat what was refused.
            match refused {
                Some(refusal) if read.is_empty() && !is_empty => return Err(refusal),
                _ => read.into_iter().flatten().collect(),
            }
        }
        Value::Object(ref object)
            if object.get("schemaId").and_then(Value::as_str) == Some("azureMonitorCommonAlertSchema") =>
        {
            alert(body)?
        }
        // A CloudEvent; the documents show single events of the other schema, too.
        Value::Object(ref object) if object.contains_key("specversion") || object.contains_key("eventType") => {
            event(body)?.into_iter().collect()
        }
        _ => return Err(Refusal::Malformed("it is neither an event nor an alert of the common schema")),
    };
    Ok(Received::Deliveries(deliveries))
}

/// An event about what lies in a resource group; others are of no interest.
fn event(value: Value) -> Result<Option<Delivery>, Refusal> {
    let event: Event = serde_json::from_value(value).map_err(|_| Refusal::Malformed("it holds what is no event"))?;
    let (Some(id), Some(kind)) = (event.id, event.kind) else {
        return Err(Refusal::Malformed("it holds an event without id or type"));
    };
    let is_of_resources =
        ["Microsoft.Resources.", "Microsoft.ResourceNotifications."].iter().any(|prefix| kind.starts_with(prefix));
    let places = [event.subject.as_deref(), event.topic.as_deref()];
    let group = places.into_iter().flatten().find_map(group_of).filter(|_| is_of_resources);
    let Some(name) = group else { return Ok(None) };
    let kind = kind.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '.').take(64).collect();
    Ok(Some(Delivery { sender: Sender::Azure, dedup_key: clipped(id), kind, hint: Hint::ResourceGroup { name } }))
}

/// Alerts are read by subscription; one may have targets in several.
fn alert(value: Value) -> Result<Vec<Delivery>, Refusal> {
    let alert: Alert = serde_json::from_value(value).map_err(|_| Refusal::Malformed("its alert lacks essentials"))?;
    let Essentials { alert_id, monitor_condition, targets, fired_date_time, resolved_date_time } =
        alert.data.essentials;
    let alert_id = alert_id.ok_or(Refusal::Malformed("its alert has no id"))?;
    let targets = targets.unwrap_or_default();
    let paths = std::iter::once(&alert_id).chain(targets.iter().take(TARGETS_MAX));
    let subscriptions: BTreeSet<String> = paths.filter_map(|path| subscription_of(path)).collect();
    let moment = resolved_date_time.or(fired_date_time).unwrap_or_default();
    let told = format!("{alert_id} {} {moment}", monitor_condition.unwrap_or_default());
    let delivery = |subscription: String| Delivery {
        sender: Sender::Azure,
        dedup_key: clipped(format!("{told} {subscription}")),
        kind: "alert".to_owned(),
        hint: Hint::Alerts { subscription },
    };
    Ok(subscriptions.into_iter().map(delivery).collect())
}

/// The parts of a resource's id: names of its scopes and their values, whatever the case.
fn part<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = path.trim_start_matches('/').split('/');
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
    }
    None
}

fn subscription_of(path: &str) -> Option<String> {
    part(path, "subscriptions").filter(|id| is_guid(id)).map(str::to_lowercase)
}

/// The group that a resource lies in, as annotations name it.
fn group_of(path: &str) -> Option<String> {
    let name = format!("{}/{}", part(path, "subscriptions")?, part(path, "resourceGroups")?);
    Scope::group(&name).map(|scope| scope.to_string())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use reqwest::header::{HeaderMap, HeaderValue};
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;

    const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";

    fn read_as(header: Option<&'static str>, query: Option<&str>, body: &Value) -> Result<Received, Refusal> {
        let mut headers = HeaderMap::new();
        header.map(|secret| headers.insert("x-weft-secret", HeaderValue::from_static(secret)));
        let config = AzureSender {
            secrets: Vec::new(),
            header: "x-weft-secret".to_owned(),
            query_parameter: Some("code".to_owned()),
            topics: vec![format!("/subscriptions/{SUBSCRIPTION}")],
            origins: Vec::new(),
        };
        let secrets = [Credential::fixed(SecretString::from("a-secret-of-azure"))];
        let body = body.to_string();
        let message = Message { headers: &headers, query, body: body.as_bytes(), now: DateTime::<Utc>::MIN_UTC };
        receive(&secrets, &config, &message)
    }

    fn good(body: &Value) -> Vec<Delivery> {
        match read_as(Some("a-secret-of-azure"), None, body) {
            Ok(Received::Deliveries(deliveries)) => deliveries,
            other => panic!("{other:?}"),
        }
    }

    fn validation(topic: &str) -> Value {
        json!([{ "id": "1", "topic": topic, "subject": "", "eventType": VALIDATION, "eventTime": "2026-01-01T00:00:00Z",
            "data": { "validationCode": "512d38b6", "validationUrl": "https://rp-eastus2.eventgrid.azure.net/x" } }])
    }

    #[test]
    fn a_handshake_is_answered_to_whom_we_expect() {
        let ours = validation(&format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/x"));
        assert_eq!(read_as(None, None, &ours), Ok(Received::Challenge("512d38b6".to_owned())));
        let other = validation("/subscriptions/99999999-2222-3333-4444-555555555555");
        assert_eq!(read_as(None, None, &other), Err(Refusal::Unproven));
        assert!(read_as(Some("a-secret-of-azure"), None, &other).is_ok());
        assert!(read_as(None, Some("x=1&code=a-secret-of-azure"), &other).is_ok());
        assert_eq!(read_as(None, Some("code=a-secret-of-azurf"), &other), Err(Refusal::Unproven));
    }

    #[test]
    fn both_schemas_and_the_common_alert_name_what_they_are_about() {
        let place = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/Shop-RG/providers/Microsoft.Web/sites/shop");
        let grid = json!([{ "id": "a", "topic": format!("/subscriptions/{SUBSCRIPTION}"), "subject": place,
            "eventType": "Microsoft.Resources.ResourceWriteSuccess", "data": {} },
            { "id": "b", "topic": "t", "subject": "s", "eventType": "Microsoft.Storage.BlobCreated", "data": {} }]);
        let cloud = json!({ "specversion": "1.0", "id": "c", "source": format!("/subscriptions/{SUBSCRIPTION}"),
            "subject": place, "type": "Microsoft.Resources.ResourceDeleteSuccess", "data": {} });
        let hint = Hint::ResourceGroup { name: format!("{SUBSCRIPTION}/shop-rg") };
        assert_eq!(good(&grid).iter().map(|delivery| &delivery.hint).collect::<Vec<_>>(), [&hint]);
        assert_eq!((&good(&cloud)[0].hint, good(&cloud)[0].dedup_key.as_str()), (&hint, "c"));
        let alert = json!({ "schemaId": "azureMonitorCommonAlertSchema", "data": { "alertContext": {}, "essentials": {
            "alertId": format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/x"),
            "monitorCondition": "Fired", "alertTargetIDs": [place], "firedDateTime": "2026-01-01T00:00:00Z" } } });
        assert_eq!(good(&alert)[0].hint, Hint::Alerts { subscription: SUBSCRIPTION.to_owned() });
        assert_eq!(good(&alert).len(), 1);
        assert_eq!(read_as(None, None, &grid), Err(Refusal::Unproven));
    }

    #[test]
    fn every_documented_event_is_read() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/contracts/azure/specification/eventgrid/data-plane");
        for provider in ["Microsoft.Resources", "Microsoft.ResourceNotifications"] {
            for schema in ["cloud-events-schema", "event-grid-schema"] {
                let Ok(files) = std::fs::read_dir(root.join(provider).join("stable/2018-01-01/examples").join(schema))
                else {
                    println!("skipped: the examples are not there");
                    return;
                };
                for file in files {
                    let path = file.unwrap().path();
                    let text = std::fs::read_to_string(&path).unwrap().replace("{subscription-id}", SUBSCRIPTION);
                    let body: Value = serde_json::from_str(&text).unwrap();
                    let read = read_as(Some("a-secret-of-azure"), None, &body);
                    assert!(read.is_ok(), "{}: {read:?}", path.display());
                }
            }
        }
    }
}
