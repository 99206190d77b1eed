//! The pod template, which workloads and their revisions share with the pods themselves.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::{Ailment, App, rollout};

/// A template with the image of `cycle`, labelled with `more` besides the app's own labels.
pub(super) fn template(app: &App, cycle: i64, more: &[(&str, String)]) -> Value {
    json!({ "metadata": { "labels": labels(app, more) }, "spec": pod_spec(app, cycle, None) })
}

/// The app's labels and `more`.
pub(super) fn labels(app: &App, more: &[(&str, String)]) -> BTreeMap<String, String> {
    let mut labels = app.all_labels();
    labels.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    labels
}

/// The spec of a pod, bound to `node` or not.
pub(super) fn pod_spec(app: &App, cycle: i64, node: Option<&str>) -> Value {
    let mut spec = Map::new();
    if app.ailment() == Some(Ailment::MissingSecret) && cycle > 1 {
        let secret = format!("{}-credentials", app.name);
        spec.insert("volumes".to_owned(), json!([{ "name": "credentials", "secret": { "secretName": secret } }]));
    }
    spec.insert("containers".to_owned(), json!([container(app, cycle)]));
    spec.insert("restartPolicy".to_owned(), json!("Always"));
    spec.insert("terminationGracePeriodSeconds".to_owned(), json!(30));
    spec.insert("dnsPolicy".to_owned(), json!("ClusterFirst"));
    spec.insert("securityContext".to_owned(), json!({}));
    spec.insert("schedulerName".to_owned(), json!("default-scheduler"));
    if let Some(node) = node {
        spec.insert("nodeName".to_owned(), json!(node));
    }
    Value::Object(spec)
}

fn container(app: &App, cycle: i64) -> Value {
    let mut container = json!({
        "name": app.name,
        "image": rollout::image(app, cycle),
        "ports": [{ "name": "http", "containerPort": app.port, "protocol": "TCP" }],
        "resources": {
            "limits": { "cpu": "500m", "memory": "256Mi" },
            "requests": { "cpu": "100m", "memory": "128Mi" },
        },
        "readinessProbe": {
            "httpGet": { "path": "/ready", "port": "http", "scheme": "HTTP" },
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    });
    let more = match app.ailment() {
        Some(Ailment::MissingConfigMap) if cycle > 1 => {
            Some(("envFrom", json!([{ "configMapRef": { "name": format!("{}-config", app.name) } }])))
        }
        Some(Ailment::MissingSecret) if cycle > 1 => Some((
            "volumeMounts",
            json!([{ "name": "credentials", "readOnly": true, "mountPath": "/var/run/credentials" }]),
        )),
        _ => None,
    };
    if let (Some((key, value)), Some(container)) = (more, container.as_object_mut()) {
        container.insert(key.to_owned(), value);
    }
    container
}
