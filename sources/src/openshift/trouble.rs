//! Why a workload is not ready: the gravest reason that its pods, its conditions and what the cluster reported give.

use chrono::{DateTime, TimeDelta, Utc};
use schema::{NotReadyReason, NotReadyRecord};

use super::{
    event::Event,
    pod::{Container, Ended, Pod, State},
    workload::Workload,
};

/// How long a container may run before it counts against it that it is not ready.
const WARM_UP: TimeDelta = TimeDelta::seconds(60);
/// How long what was reported counts; controllers report again what they try again, less and less often.
const REPORT_LIFE: TimeDelta = TimeDelta::minutes(20);
/// Longest part of a sentence that is the cluster's own.
const QUOTE_CHARS_MAX: usize = 300;

/// What pods and conditions say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The gravest reason.
    Known(NotReadyRecord),
    /// Nothing yet, and nothing that events would explain.
    NothingWrong,
    /// Something waits without saying what for: events may say it. With what counts if they do not.
    AskEvents(Option<NotReadyRecord>),
}

/// The verdict over the pods of a workload that is not settled.
pub(super) fn of_pods(workload: &Workload, pods: &[&Pod], now: DateTime<Utc>) -> Verdict {
    let staying = || pods.iter().filter(|pod| !pod.is_leaving);
    let own = workload.failure.as_deref().map(of_failure);
    let found = staying().filter_map(|pod| of_pod(pod, now)).chain(own).min_by_key(|found| found.reason);
    let is_short = workload
        .record
        .replicas
        .is_some_and(|replicas| staying().count() < usize::try_from(replicas.desired).unwrap_or(0));
    let waits = |pod: &&Pod| {
        let is_waiting = |container: &Container| matches!(container.state, State::Waiting { .. } | State::Unknown);
        pod.phase.as_deref() == Some("Pending") && pod.containers.iter().any(is_waiting)
    };
    match found {
        Some(found) if found.reason != NotReadyReason::Unknown => Verdict::Known(found),
        found if is_short || staying().any(waits) => Verdict::AskEvents(found),
        Some(found) => Verdict::Known(found),
        None => Verdict::NothingWrong,
    }
}

/// What was lately reported of a workload that waits; none when that says nothing of it.
pub(super) fn of_events(events: &[&Event], now: DateTime<Utc>) -> Option<NotReadyRecord> {
    let is_recent = |event: &&&Event| event.record.last_seen_at.is_none_or(|at| now - at.0 <= REPORT_LIFE);
    let reasons = events.iter().filter(|event| event.record.is_warning).filter(is_recent).filter_map(|event| {
        let message = event.record.message.as_deref().unwrap_or_default();
        match event.record.reason.as_deref()? {
            "FailedCreate" if is_quota(message) => Some(of_failure(message)),
            "FailedCreate" => Some(told(NotReadyReason::Unknown, "A pod cannot be created", message)),
            "FailedMount" | "FailedAttachVolume" | "FailedMapVolume" => {
                Some(told(NotReadyReason::Configuration, "A volume cannot be mounted", message))
            }
            _ => None,
        }
    });
    reasons.min_by_key(|found| found.reason)
}

fn of_pod(pod: &Pod, now: DateTime<Utc>) -> Option<NotReadyRecord> {
    if let Some(message) = &pod.unschedulable {
        return Some(told(NotReadyReason::Unschedulable, "No node can take a pod", message));
    }
    let found = pod.containers.iter().filter_map(|container| of_container(container, now));
    let failed = pod.failure.as_deref().filter(|_| pod.phase.as_deref() == Some("Failed"));
    let failed = failed.map(|message| told(NotReadyReason::Unknown, "A pod failed", message));
    found.chain(failed).min_by_key(|found| found.reason)
}

fn of_container(container: &Container, now: DateTime<Utc>) -> Option<NotReadyRecord> {
    let Container { name, image, is_ready, is_initial, restarts, state, last } = container;
    if *is_ready {
        return None;
    }
    let known = |reason, message| Some(NotReadyRecord { reason, message });
    match state {
        State::Waiting { reason, message } => match reason.as_str() {
            "ErrImagePull"
            | "ImagePullBackOff"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed" => {
                known(NotReadyReason::ImagePull, format!("The image {image} of container {name} cannot be pulled."))
            }
            "CrashLoopBackOff" => Some(of_crash(name, *restarts, last.as_ref())),
            "CreateContainerConfigError"
            | "CreateContainerError"
            | "RunContainerError"
            | "PreCreateHookError"
            | "PostStartHookError" => {
                let start = format!("Container {name} cannot start");
                Some(told(NotReadyReason::Configuration, &start, message.as_deref().unwrap_or_default()))
            }
            "" | "ContainerCreating" | "PodInitializing" => None,
            other => {
                let start = format!("Container {name} waits ({})", quoted(other));
                Some(told(NotReadyReason::Unknown, &start, message.as_deref().unwrap_or_default()))
            }
        },
        State::Running { since } if !is_initial => {
            if since.is_some_and(|since| now - since >= WARM_UP) {
                let message = format!("Container {name} runs and fails its readiness checks.");
                return known(NotReadyReason::ReadinessCheck, message);
            }
            // Between two crashes it looks as if it were starting.
            let crashes = |last: &&Ended| is_out_of_memory(last) || (last.exit_code != 0 && *restarts > 1);
            last.as_ref().filter(crashes).map(|last| of_crash(name, *restarts, Some(last)))
        }
        // It crashed, and waits for no next try yet; one that ended well is done.
        State::Ended(ended) if ended.exit_code != 0 => Some(of_crash(name, *restarts, Some(ended))),
        State::Running { .. } | State::Ended(_) | State::Unknown => None,
    }
}

fn of_crash(name: &str, restarts: i32, ended: Option<&Ended>) -> NotReadyRecord {
    let times = match restarts {
        0 => String::new(),
        1 => ", after 1 restart".to_owned(),
        restarts => format!(", after {restarts} restarts"),
    };
    if ended.is_some_and(is_out_of_memory) {
        let message = format!("Container {name} was killed for using too much memory{times}.");
        return NotReadyRecord { reason: NotReadyReason::OutOfMemory, message };
    }
    let code = ended.map(|ended| format!(" with exit code {}", ended.exit_code)).unwrap_or_default();
    NotReadyRecord {
        reason: NotReadyReason::CrashLoop,
        message: format!("Container {name} keeps crashing{code}{times}."),
    }
}

fn is_out_of_memory(ended: &Ended) -> bool {
    ended.reason.as_deref() == Some("OOMKilled")
}

/// What a controller says of pods that it cannot make.
fn of_failure(message: &str) -> NotReadyRecord {
    if is_quota(message) {
        let quota = message.find("exceeded quota").and_then(|at| message.get(at..)).unwrap_or(message);
        return told(NotReadyReason::QuotaExceeded, "A quota forbids more pods", quota);
    }
    told(NotReadyReason::Unknown, "The rollout does not go on", message)
}

fn is_quota(message: &str) -> bool {
    message.contains("exceeded quota")
}

/// A sentence of ours, with the cluster's words behind it where it has some.
fn told(reason: NotReadyReason, start: &str, cluster: &str) -> NotReadyRecord {
    let words = quoted(cluster);
    let message = if words.is_empty() { format!("{start}.") } else { format!("{start}: {words}.") };
    NotReadyRecord { reason, message }
}

/// What the cluster says, on one line, in bounds, without the end of a sentence.
fn quoted(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line: String = line.join(" ").chars().filter(|c| !c.is_control()).collect();
    let line = line.trim_end_matches('.');
    if line.chars().count() <= QUOTE_CHARS_MAX {
        return line.to_owned();
    }
    line.chars().take(QUOTE_CHARS_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-25T12:00:00Z".parse().unwrap()
    }

    fn workload(conditions: Value) -> Workload {
        let object = json!({
            "metadata": { "name": "web", "namespace": "shop", "generation": 2 },
            "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "web" } },
                "template": { "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [] } } },
            "status": { "observedGeneration": 2, "updatedReplicas": 1, "replicas": 2, "conditions": conditions },
        });
        Workload::of_deployment("west", serde_json::from_value(object).unwrap()).unwrap()
    }

    fn pod(status: Value) -> Pod {
        let object = json!({ "metadata": { "name": "web-7d9c8b6f5d-x2k4z", "namespace": "shop" }, "status": status });
        Pod::of_object(serde_json::from_value(object).unwrap()).unwrap()
    }

    fn container(state: Value, last: Value, restarts: i32) -> Value {
        json!({ "containerStatuses": [{ "name": "app", "image": "reg/web:1", "imageID": "", "ready": false,
            "restartCount": restarts, "state": state, "lastState": last }] })
    }

    fn verdict(conditions: Value, statuses: &[Value]) -> Verdict {
        let pods: Vec<Pod> = statuses.iter().cloned().map(pod).collect();
        of_pods(&workload(conditions), &pods.iter().collect::<Vec<_>>(), now())
    }

    fn reason(status: Value) -> Option<NotReadyReason> {
        match verdict(json!([]), &[status]) {
            Verdict::Known(found) => Some(found.reason),
            _ => None,
        }
    }

    #[test]
    fn every_state_of_a_container_has_its_reason() {
        let waiting = |reason: &str| container(json!({ "waiting": { "reason": reason } }), json!({}), 0);
        let killed = json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } });
        let crashed = json!({ "terminated": { "exitCode": 1, "reason": "Error" } });
        let backing_off =
            |last: &Value| container(json!({ "waiting": { "reason": "CrashLoopBackOff" } }), last.clone(), 7);
        let running = |since: &str, last: Value, restarts| {
            container(json!({ "running": { "startedAt": since } }), last, restarts)
        };
        for (status, expected) in [
            (waiting("ImagePullBackOff"), Some(NotReadyReason::ImagePull)),
            (waiting("ErrImagePull"), Some(NotReadyReason::ImagePull)),
            (waiting("CreateContainerConfigError"), Some(NotReadyReason::Configuration)),
            (waiting("SomethingNew"), Some(NotReadyReason::Unknown)),
            (waiting("ContainerCreating"), None),
            (backing_off(&crashed), Some(NotReadyReason::CrashLoop)),
            (backing_off(&killed), Some(NotReadyReason::OutOfMemory)),
            (container(killed.clone(), json!({}), 1), Some(NotReadyReason::OutOfMemory)),
            (container(json!({ "terminated": { "exitCode": 0 } }), json!({}), 0), None),
            (running("2026-11-25T11:59:50Z", json!({}), 0), None),
            (running("2026-11-25T11:59:50Z", crashed, 3), Some(NotReadyReason::CrashLoop)),
            (running("2026-11-25T11:59:50Z", killed, 1), Some(NotReadyReason::OutOfMemory)),
            (running("2026-11-25T11:58:00Z", json!({}), 0), Some(NotReadyReason::ReadinessCheck)),
        ] {
            assert_eq!(reason(status.clone()), expected, "{status}");
        }
    }

    #[test]
    fn the_gravest_reason_of_all_pods_counts_in_one_sentence() {
        let unschedulable = json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "message": "0/6 nodes are available:\n 6 Insufficient memory." }] });
        let pull = container(json!({ "waiting": { "reason": "ErrImagePull", "message": "x" } }), json!({}), 0);
        let Verdict::Known(found) = verdict(json!([]), &[unschedulable.clone(), pull]) else { panic!("a reason") };
        assert_eq!(found.reason, NotReadyReason::ImagePull);
        assert_eq!(found.message, "The image reg/web:1 of container app cannot be pulled.");
        let Verdict::Known(found) = verdict(json!([]), &[unschedulable]) else { panic!("a reason") };
        assert_eq!(found.message, "No node can take a pod: 0/6 nodes are available: 6 Insufficient memory.");
        let quota = "pods \"web-x\" is forbidden: exceeded quota: compute, used: limits.memory=8Gi";
        let failure =
            json!([{ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": quota }]);
        let Verdict::Known(found) = verdict(failure, &[]) else { panic!("a reason") };
        assert_eq!(found.reason, NotReadyReason::QuotaExceeded);
        assert_eq!(found.message, "A quota forbids more pods: exceeded quota: compute, used: limits.memory=8Gi.");
    }

    #[test]
    fn events_are_asked_when_something_waits_and_does_not_say_for_what() {
        let creating = container(json!({ "waiting": { "reason": "ContainerCreating" } }), json!({}), 0);
        let mut pending = creating.as_object().cloned().unwrap();
        pending.insert("phase".to_owned(), json!("Pending"));
        assert_eq!(verdict(json!([]), &[pending.into()]), Verdict::AskEvents(None));
        assert_eq!(verdict(json!([]), &[]), Verdict::AskEvents(None), "a pod is missing");
        let event = |reason: &str, at: &str| {
            let object = json!({ "metadata": { "name": "e", "namespace": "shop" }, "type": "Warning", "reason": reason,
                "message": "secret \"x\" not found", "involvedObject": { "kind": "Pod", "name": "web-7d9c8b6f5d-x2k4z" },
                "lastTimestamp": at });
            Event::of_object(serde_json::from_value(object).unwrap()).unwrap()
        };
        let told = |event: &Event| of_events(&[event], now()).map(|found| found.reason);
        assert_eq!(told(&event("FailedMount", "2026-11-25T11:50:00Z")), Some(NotReadyReason::Configuration));
        assert_eq!(told(&event("FailedMount", "2026-11-25T11:00:00Z")), None, "long ago");
        assert_eq!(told(&event("BackOff", "2026-11-25T11:59:00Z")), None);
        assert!(event("FailedMount", "2026-11-25T11:50:00Z").is_about(&workload(json!([]))));
    }
}
