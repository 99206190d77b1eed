//! The status of a pod.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::super::{
    Ailment, App,
    draft::time,
    pod::{Container, Ended, Pod},
    rollout,
};
use crate::seed::{between, draw};

/// What the scheduler says when no node fits.
pub(super) const UNSCHEDULABLE: &str = "0/6 nodes are available: 6 Insufficient memory. preemption: 0/6 nodes are available: 6 No preemption victims \
     found for incoming pod.";

pub(super) fn status(app: &App, pod: &Pod) -> Value {
    let mut status = Map::new();
    let has_run = pod.life.restarts > 0 || pod.life.last.is_some();
    let is_up = has_run || matches!(pod.life.container, Container::Running { .. } | Container::Terminated(_));
    status.insert("phase".to_owned(), json!(if is_up { "Running" } else { "Pending" }));
    status.insert("conditions".to_owned(), conditions(app, pod));
    if pod.is_scheduled {
        let node = between(pod.node(), "address", 10, 250);
        status.insert("hostIP".to_owned(), json!(format!("10.0.1.{node}")));
        if is_up {
            let (high, low) = (between(&pod.name, "high", 128, 143), between(&pod.name, "low", 2, 250));
            let address = format!("10.{high}.{}.{low}", draw(&pod.name, "middle") % 250);
            status.insert("podIP".to_owned(), json!(address));
            status.insert("podIPs".to_owned(), json!([{ "ip": address }]));
        }
        status.insert("startTime".to_owned(), time(pod.slot.created_at + TimeDelta::seconds(1)));
        status.insert("containerStatuses".to_owned(), json!([container_status(app, pod)]));
    }
    status.insert("qosClass".to_owned(), json!("Burstable"));
    Value::Object(status)
}

fn conditions(app: &App, pod: &Pod) -> Value {
    let created_at = pod.slot.created_at;
    if !pod.is_scheduled {
        let is_refused = app.ailment() == Some(Ailment::Unschedulable) && pod.slot.is_blocked;
        if !is_refused {
            return json!([]);
        }
        return json!([{
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": null,
            "lastTransitionTime": time(created_at),
            "reason": "Unschedulable",
            "message": UNSCHEDULABLE,
        }]);
    }
    let condition = |kind: &str, is_true: bool, at: DateTime<Utc>| {
        let mut condition = json!({
            "type": kind,
            "status": if is_true { "True" } else { "False" },
            "lastProbeTime": null,
            "lastTransitionTime": time(at),
        });
        if let (false, Some(condition)) = (is_true, condition.as_object_mut()) {
            condition.insert("reason".to_owned(), json!("ContainersNotReady"));
            condition.insert("message".to_owned(), json!(format!("containers with unready status: [{}]", app.name)));
        }
        condition
    };
    let (ready, changed_at) = (pod.life.is_ready, pod.life.ready_changed_at);
    let scheduled_at = created_at + TimeDelta::seconds(1);
    json!([
        condition("PodReadyToStartContainers", true, scheduled_at),
        condition("Initialized", true, scheduled_at),
        condition("Ready", ready, changed_at.max(scheduled_at)),
        condition("ContainersReady", ready, changed_at.max(scheduled_at)),
        condition("PodScheduled", true, scheduled_at),
    ])
}

fn container_status(app: &App, pod: &Pod) -> Value {
    let image = rollout::image(app, pod.rollout().cycle);
    let is_pulled = !matches!(pod.life.container, Container::Absent)
        && (pod.life.restarts > 0
            || !matches!(pod.life.container, Container::Waiting { .. })
            || pod.life.last.is_some());
    let digest = |topic| draw(&image, topic);
    let id = format!(
        "{}@sha256:{:016x}{:016x}{:016x}{:016x}",
        app.image,
        digest("a"),
        digest("b"),
        digest("c"),
        digest("d")
    );
    let is_running = matches!(pod.life.container, Container::Running { .. });
    let mut status = json!({
        "name": app.name,
        "state": state(&pod.life.container, pod),
        "lastState": pod.life.last.as_ref().map_or_else(|| json!({}), |ended| terminated(ended, pod)),
        "ready": pod.life.is_ready,
        "restartCount": pod.life.restarts,
        "image": image,
        "imageID": if is_pulled { id } else { String::new() },
        "started": is_running,
    });
    if let (true, Some(status)) = (is_pulled, status.as_object_mut()) {
        status.insert("containerID".to_owned(), json!(container_id(pod, pod.life.restarts)));
    }
    status
}

fn state(container: &Container, pod: &Pod) -> Value {
    match container {
        Container::Absent => json!({}),
        Container::Waiting { reason, message: None } => json!({ "waiting": { "reason": reason } }),
        Container::Waiting { reason, message: Some(message) } => {
            json!({ "waiting": { "reason": reason, "message": message } })
        }
        Container::Running { since } => json!({ "running": { "startedAt": time(*since) } }),
        Container::Terminated(ended) => terminated(ended, pod),
    }
}

fn terminated(ended: &Ended, pod: &Pod) -> Value {
    json!({
        "terminated": {
            "exitCode": ended.exit_code,
            "reason": ended.reason,
            "startedAt": time(ended.started_at),
            "finishedAt": time(ended.finished_at),
            "containerID": container_id(pod, pod.life.restarts),
        },
    })
}

fn container_id(pod: &Pod, restarts: i64) -> String {
    let subject = format!("{}/{restarts}", pod.name);
    let part = |topic| draw(&subject, topic);
    format!("cri-o://{:016x}{:016x}{:016x}{:016x}", part("a"), part("b"), part("c"), part("d"))
}
