//! What is kept of real answers and of objects with every field filled, where the contract data lies beside the project.

use std::{fs, path::PathBuf};

use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core};
use schema::{BuildPhase, RolloutStatus};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    build::Build,
    event::Event,
    network::{Route, Service},
    pod::Pod,
    wire::{self, Page, Version},
    workload::Workload,
};

fn contract(path: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/contracts/openshift"));
    let path = folder.join(path);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
    }
    path.exists().then_some(path)
}

/// An object with every field filled, in a list of one.
fn filled<W: DeserializeOwned, T>(name: &str, reduce: impl Fn(W) -> Option<T>) -> Option<T> {
    let path = contract(&format!("kubernetes/roundtrip-fixtures/{name}.json"))?;
    let object: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let list = json!({ "kind": "List", "metadata": {}, "items": [object] });
    let page: Page<W> = serde_json::from_value(list).unwrap_or_else(|error| panic!("{name}: {error}"));
    Some(reduce(page.into_parts().unwrap().0.remove(0)).unwrap_or_else(|| panic!("{name} was left out")))
}

#[test]
fn every_field_of_an_object_is_taken_without_an_error() {
    let workloads = [
        filled("apps.v1.Deployment", |object: apps::Deployment| Workload::of_deployment("west", object)),
        filled("apps.v1.StatefulSet", |object: apps::StatefulSet| Workload::of_stateful_set("west", object)),
        filled("apps.v1.DaemonSet", |object: apps::DaemonSet| Workload::of_daemon_set("west", object)),
        filled("batch.v1.CronJob", |object: batch::CronJob| Workload::of_cron_job("west", object)),
        filled("batch.v1.Job", |object: batch::Job| Workload::of_job("west", object)),
    ];
    for workload in workloads.into_iter().flatten() {
        let record = workload.record;
        assert_eq!((record.namespace.as_str(), record.name.as_str()), ("namespaceValue", "nameValue"));
        assert_eq!(record.created_at.unwrap().to_string(), "2008-01-01T01:01:01Z", "{:?}", record.kind);
        assert!(record.containers.iter().any(|container| container.image == "imageValue"), "{:?}", record.kind);
    }
    if let Some(pod) = filled("core.v1.Pod", |object: core::Pod| Pod::of_object(object)) {
        assert!(pod.containers.iter().any(|container| container.restarts == 5), "{pod:?}");
    }
    filled("core.v1.Service", |object: core::Service| Service::of_object(object));
    if let Some(event) = filled("core.v1.Event", |object: core::Event| Event::of_object(object)) {
        assert_eq!(event.record.reason.as_deref(), Some("reasonValue"));
        assert!(event.record.last_seen_at.is_some());
    }
}

/// The recorded answers to a path that begins so.
fn recorded(file: &str, path: &str) -> Vec<(u64, Value)> {
    let Some(file) = contract(&format!("recorded/{file}.jsonl")) else { return Vec::new() };
    let lines: Vec<Value> =
        fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_asked = |line: &&Value| {
        line["request"]["path"].as_str().unwrap() == path
            && line["request"]["accept"] == "application/json"
            && line["request"]["method"] == "GET"
    };
    lines.iter().filter(is_asked).map(|line| (line["status"].as_u64().unwrap(), line["body"].clone())).collect()
}

fn items<W: DeserializeOwned, T>(body: &Value, reduce: impl Fn(W) -> Option<T>) -> Vec<T> {
    let page: Page<W> = serde_json::from_value(body.clone()).unwrap();
    let (items, ..) = page.into_parts().unwrap();
    assert_eq!(items.len(), body["items"].as_array().unwrap().len());
    items.into_iter().filter_map(reduce).collect()
}

#[test]
fn what_a_running_server_answered_is_read() {
    for (_, body) in recorded("kubernetes", "/apis/apps/v1/namespaces/demo/deployments") {
        let found = items(&body, |object: apps::Deployment| Workload::of_deployment("west", object));
        let record = &found[0].record;
        assert_eq!((record.namespace.as_str(), record.name.as_str()), ("demo", "web"));
        assert_eq!((record.rollout, record.replicas), (RolloutStatus::Unknown, None), "no controller has looked at it");
        assert_eq!(record.containers[0].image, "example.invalid/web:1");
    }
    for (_, body) in recorded("openshift", "/apis/apps.openshift.io/v1/namespaces/demo/deploymentconfigs") {
        let found = items(&body, |object: wire::DeploymentConfig| Workload::of_deployment_config("west", object));
        assert_eq!(found[0].record.name, "legacy");
    }
    for (_, body) in recorded("openshift", "/apis/build.openshift.io/v1/namespaces/demo/builds") {
        let found = items(&body, Build::of_object);
        let now = "2026-11-25T12:00:00Z".parse().unwrap();
        assert!(found.iter().any(|build| build.record(now).phase == BuildPhase::New), "{found:?}");
    }
    for (_, body) in recorded("openshift", "/apis/route.openshift.io/v1/routes?limit=1") {
        let route = &items(&body, Route::of_object)[0];
        assert_eq!(
            (route.record.host.as_deref(), route.record.is_admitted),
            (Some("web-demo.apps.example.invalid"), None)
        );
    }
    for (status, body) in recorded("openshift", "/apis/route.openshift.io/v1/routes") {
        let refusal: wire::Status = serde_json::from_value(body.clone()).unwrap();
        assert_eq!((status, refusal.kind.as_deref()), (403, Some("Status")));
        let page: Page<wire::Route> = serde_json::from_value(body).unwrap();
        assert!(page.into_parts().is_none(), "a refusal was taken for a list");
    }
    for (_, body) in recorded("kubernetes", "/version") {
        let version: Version = serde_json::from_value(body).unwrap();
        assert_eq!(version.into_text().as_deref(), Some("1.36"));
    }
}
