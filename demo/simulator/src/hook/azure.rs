//! What Event Grid and Azure Monitor send.

use serde_json::{Value, json};

use super::Hook;
use crate::seed::draw;

fn place(subscription: &str, group: &str, name: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{name}")
}

fn id(text: &str) -> String {
    format!("{:016x}{:016x}", draw(text, "event"), draw(text, "id"))
}

fn data(subject: &str) -> Value {
    json!({ "resourceUri": subject, "operationName": "Microsoft.Web/sites/write", "status": "Succeeded",
        "claims": { "ipaddr": "203.0.113.7", "upn": "dolores@example.com" } })
}

/// An event in Event Grid's own schema, as the only one of its list: a resource was written.
pub fn resource_event(subscription: &str, group: &str, name: &str, number: u32) -> Hook {
    let subject = place(subscription, group, name);
    let body = json!([{ "id": id(&format!("{subject} {number}")), "topic": format!("/subscriptions/{subscription}"),
        "subject": subject, "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "eventTime": "2026-03-02T12:00:00.0000000Z", "data": data(&subject), "dataVersion": "2", "metadataVersion": "1" }]);
    Hook::new("azure", &body).header("aeg-event-type", "Notification")
}

/// The same as a CloudEvent.
pub fn cloud_event(subscription: &str, group: &str, name: &str, number: u32) -> Hook {
    let subject = place(subscription, group, name);
    let body = json!({ "specversion": "1.0", "id": id(&format!("{subject} cloud {number}")),
        "source": format!("/subscriptions/{subscription}"), "subject": subject,
        "type": "Microsoft.Resources.ResourceWriteSuccess", "time": "2026-03-02T12:00:00Z", "data": data(&subject) });
    Hook::new("azure", &body).header("content-type", "application/cloudevents+json; charset=utf-8")
}

/// The handshake of a new subscription in Event Grid's own schema.
pub fn validation(topic: &str, code: &str) -> Hook {
    let body = json!([{ "id": id(code), "topic": topic, "subject": "",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "eventTime": "2026-03-02T12:00:00.0000000Z",
        "data": { "validationCode": code, "validationUrl": "http://127.0.0.1:9/validate?id=1" },
        "dataVersion": "2", "metadataVersion": "1" }]);
    Hook::new("azure", &body).header("aeg-event-type", "SubscriptionValidation")
}

/// An alert in the common schema.
pub fn alert(subscription: &str, group: &str, condition: &str, number: u32) -> Hook {
    let body = json!({ "schemaId": "azureMonitorCommonAlertSchema", "data": {
        "essentials": {
            "alertId": format!("/subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts/{number}"),
            "alertRule": "High CPU", "severity": "Sev1", "signalType": "Metric", "monitorCondition": condition,
            "monitoringService": "Platform", "alertTargetIDs": [place(subscription, group, "shop")],
            "configurationItems": ["shop"], "originAlertId": "x", "firedDateTime": "2026-03-02T12:00:00.0000000Z",
            "description": "", "essentialsVersion": "1.0", "alertContextVersion": "1.0" },
        "alertContext": {}, "customProperties": null } });
    Hook::new("azure", &body)
}
