//! Azure's documents, read: the examples of its specifications where they are at hand, and rows of our own.

use std::path::{Path, PathBuf};

use schema::{CloudAlertCondition, CloudAlertSeverity};
use serde_json::{Value, json};

use super::{
    Config,
    wire::{Alert, AlertPage, Grant, GraphPage, Row},
};

const ID: &str =
    "/subscriptions/cfbbd179-59d2-4052-aa06-9270a38aa9d6/resourceGroups/RG1/providers/Microsoft.Compute/disks/One";

fn contract(below: &str) -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/contracts/azure/specification"));
    let folder = Some(root.join(below)).filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("skipped: there is no {below}");
    }
    folder
}

/// The bodies of the good answers in a folder of examples, by file name.
fn examples(below: &str) -> Vec<(String, Value)> {
    let Some(folder) = contract(below) else { return Vec::new() };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |file: PathBuf| {
        let example: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        (file.file_name().unwrap().to_string_lossy().into_owned(), example["responses"]["200"]["body"].clone())
    };
    files.map(read).collect()
}

#[test]
fn every_example_of_resource_graph_is_read_without_loss_of_ids() {
    let below = "resourcegraph/resource-manager/Microsoft.ResourceGraph/stable/2022-10-01/examples";
    for (name, body) in examples(below).into_iter().filter(|(_, body)| body["data"].is_array()) {
        let page: GraphPage = serde_json::from_value(body.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(page.next(), body["$skipToken"].as_str(), "{name}");
        assert!(!page.is_cut(), "{name}");
        let ids = |rows: &Value| {
            let has_type = |row: &&Value| row["type"].is_string();
            let rows = rows.as_array().unwrap().iter().filter(has_type);
            rows.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let records = page.data.unwrap().into_iter().filter_map(Row::into_record);
        assert_eq!(records.map(|record| record.resource_id).collect::<Vec<_>>(), ids(&body["data"]), "{name}");
    }
}

#[test]
fn every_example_of_alerts_is_read_without_loss() {
    let below = "alertsmanagement/resource-manager/Microsoft.AlertsManagement/stable/2019-03-01/examples";
    let list = examples(below).into_iter().find(|(name, _)| name == "Alerts_List.json");
    let Some((_, body)) = list else { return };
    let page: AlertPage = serde_json::from_value(body.clone()).unwrap();
    assert_eq!(page.next_link.as_deref(), body["nextLink"].as_str());
    let alerts = page.value.unwrap();
    assert_eq!(alerts.len(), body["value"].as_array().unwrap().len());
    for (alert, body) in alerts.into_iter().zip(body["value"].as_array().unwrap()) {
        let essentials = &body["properties"]["essentials"];
        let record = alert.into_record().unwrap();
        assert_eq!(record.target, essentials["targetResource"].as_str().unwrap().to_lowercase());
        assert_eq!(format!("{:?}", record.alert.severity), essentials["severity"].as_str().unwrap());
        assert_eq!(record.alert.condition, CloudAlertCondition::Fired);
        assert_eq!(record.alert.fired_at.unwrap().to_string(), essentials["startDateTime"].as_str().unwrap());
        assert_eq!(record.alert.resolved_at, None, "an alert that holds has not resolved");
    }
}

fn row(more: Value) -> Option<schema::CloudResourceRecord> {
    let mut row = json!({ "id": ID, "type": "Microsoft.Compute/disks" });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value::<Row>(row).unwrap().into_record()
}

#[test]
fn a_row_says_what_it_can() {
    let record = row(json!({
        "name": "One", "location": "", "tags": { "team": "payments" }, "provisioningState": "Failed",
        "at_timeCreated": "2024-05-06T07:08:09.1234567Z", "at_lastModifiedTimeUtc": "2025-01-02T03:04:05.67",
        "sku": { "name": "Premium_LRS", "tier": "Premium" }, "unheardOf": [],
    }))
    .unwrap();
    assert_eq!(record.resource_type, "microsoft.compute/disks");
    assert_eq!((record.location, record.sku.as_deref()), (None, Some("Premium_LRS")));
    assert_eq!(record.subscription_id, "cfbbd179-59d2-4052-aa06-9270a38aa9d6");
    assert_eq!(record.resource_group.as_deref(), Some("RG1"));
    assert_eq!(record.created_at.unwrap().to_string(), "2024-05-06T07:08:09.123456700Z");
    assert_eq!(record.changed_at.unwrap().to_string(), "2025-01-02T03:04:05.670Z");
    assert_eq!(record.tags.unwrap().0["team"], "payments");
}

#[test]
fn a_row_that_is_odd_costs_nothing_but_itself() {
    let record = row(json!({ "name": 7, "tags": "x", "sku": [1], "at_creationTime": 12, "location": null })).unwrap();
    assert_eq!((record.name.as_str(), record.tags, record.sku, record.created_at), ("One", None, None, None));
    assert_eq!(row(json!({ "sku": "Basic" })).unwrap().sku.as_deref(), Some("Basic"));
    assert_eq!(row(json!({ "sku": { "tier": "Free" } })).unwrap().sku.as_deref(), Some("Free"));
    assert_eq!(row(json!({ "id": null })), None);
    assert_eq!(row(json!({ "type": null })), None);
}

#[test]
fn an_answer_is_cut_when_there_is_no_way_on() {
    let page = |value: Value| serde_json::from_value::<GraphPage>(value).unwrap();
    assert!(page(json!({ "data": [], "resultTruncated": "true" })).is_cut());
    assert!(page(json!({ "data": [], "resultTruncated": true, "$skipToken": "" })).is_cut());
    assert!(!page(json!({ "data": [], "resultTruncated": "true", "$skipToken": "x" })).is_cut());
    assert!(!page(json!({ "data": [], "resultTruncated": "false" })).is_cut());
    assert!(page(json!({ "data": null })).data.is_none());
}

#[test]
fn an_alert_may_be_of_a_severity_that_nobody_knows() {
    let alert = |essentials: Value| {
        let alert = json!({ "name": "cpu", "properties": { "essentials": essentials } });
        serde_json::from_value::<Alert>(alert).unwrap().into_record()
    };
    let record = alert(json!({
        "targetResource": ID, "severity": "Sev9", "monitorCondition": "Resolved",
        "alertRule": "/subscriptions/1/resourceGroups/g/providers/microsoft.insights/metricAlerts/High CPU",
        "monitorConditionResolvedDateTime": "2024-05-06T07:08:09Z",
    }))
    .unwrap();
    assert_eq!((record.alert.rule.as_str(), record.target), ("High CPU", ID.to_lowercase()));
    assert_eq!(
        (record.alert.severity, record.alert.condition),
        (CloudAlertSeverity::Unknown, CloudAlertCondition::Resolved)
    );
    assert!(record.alert.resolved_at.is_some());
    assert_eq!(alert(json!({ "targetResource": ID })).unwrap().alert.rule, "cpu");
    assert_eq!(alert(json!({ "severity": "Sev1" })), None);
}

#[test]
fn a_grant_tells_its_life_as_a_number_or_a_text() {
    let grant = |value: Value| serde_json::from_value::<Grant>(value).unwrap();
    assert_eq!(grant(json!({ "expires_in": 3599 })).life_seconds(), Some(3599));
    assert_eq!(grant(json!({ "expires_in": "3599" })).life_seconds(), Some(3599));
    assert_eq!(grant(json!({ "expires_in": -1 })).life_seconds(), None);
    let refused = grant(json!({ "error": "invalid_client", "error_description": "AADSTS7000215: no.\r\nTrace ID: 1" }));
    assert_eq!(refused.refusal(), "AADSTS7000215: no.");
}

#[test]
fn a_configuration_that_cannot_be_is_told_with_its_key() {
    let config = |more: Value| -> Config {
        let mut config = json!({
            "enabled": true, "arm_url": "https://management.azure.com", "authority": "https://login.microsoftonline.com",
            "portal_url": "https://portal.azure.com", "subscriptions": [], "tenants": {}, "annotation": "a",
            "tag_annotation": "b", "timeout": "5s", "requests_in_flight_max": 8, "body_max": "16 MiB",
            "cache": { "fresh": "1s", "stale": "1s", "negative": "1s" }, "cache_entries_max": 1,
            "breaker": { "failures_max": 5, "open_for": "10s" }, "probe_interval": "60s",
        });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(config).unwrap()
    };
    let keys = |more: Value| config(more).problems().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(json!({})), Vec::<String>::new());
    assert_eq!(
        keys(json!({ "tenant_id": "contoso.onmicrosoft.com", "client_id": "x" })),
        ["sources.azure.client_secret"]
    );
    let whole = json!({ "tenant_id": "../x", "client_id": "x", "client_secret": { "env": "X" } });
    assert_eq!(keys(whole), ["sources.azure.tenant_id"]);
    let odd = json!({
        "authority": "http://login.example.com", "subscriptions": ["production"], "tenants": { "default": ["x"] },
        "graph_quota": { "calls": 0, "window": "5s" },
    });
    let at = ["authority", "subscriptions", "tenants.default", "graph_quota.calls"]
        .map(|key| format!("sources.azure.{key}"));
    assert_eq!(keys(odd), at);
}
